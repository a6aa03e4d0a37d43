//! What registries spoke of in 2014, for both halves of Assize: [`tarsum`], digests over what an archive holds, and
//! [`signed`], manifests that hold their own signature.
//!
//! Nothing here is of a registry or of a client. What both halves take from it is held against what others made: the sums
//! of Docker's own tests and of its code in Go, and manifests that a registry of the time has signed.

#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod signed;
pub mod tarsum;
