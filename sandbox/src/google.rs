//! What all of Google's services have in common: who is asking, what they may do, and how they are refused.
//!
//! [`access`] knows tokens and permissions, [`refusal`] the error envelope, [`strict`] which fields a request
//! may carry, [`mask`] how an update mask changes an object.

pub mod access;
mod asked;
pub mod compute;
pub mod fields;
pub mod iam;
pub mod mask;
pub mod metadata;
pub mod monitoring;
pub mod page;
pub mod pubsub;
pub mod refusal;
pub mod run;
pub mod storage;
pub mod strict;
#[cfg(test)]
pub(crate) mod testing;
pub mod tokens;

pub(crate) use self::asked::{Asked, Does, settle};
