//! Compiles the crate again when a scenario or a fixture comes, goes or changes: both are part of it.

fn main() {
    println!("cargo::rerun-if-changed=../scenarios");
    println!("cargo::rerun-if-changed=../fixtures/manifests");
}
