//! The suite among the tests of a registry that is written in Rust: `cargo run --example in_a_rust_test`.
//!
//! In a project of one's own the function below is a test, marked with `#[tokio::test]`.

use assize::{Format, Level, Suite, Version};

async fn it_conforms(registry: &str) -> Result<(), Box<dyn std::error::Error>> {
    let suite = Suite::built_in()?;
    let outcome = suite
        .against(registry)
        .spec(Version::V1_1)
        .only("push/*")
        .seed(7)
        .run()
        .await?;
    let violations = outcome
        .findings()
        .iter()
        .filter(|finding| finding.level == Level::Must);
    assert_eq!(violations.count(), 0, "{}", outcome.report(Format::Text)?);
    println!("{}", outcome.report(Format::Text)?);
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Here a test starts the registry that it is about.
    let registry = assize::bundled::in_memory().await?;
    it_conforms(&registry.url()).await?;
    registry.shutdown().await;
    Ok(())
}
