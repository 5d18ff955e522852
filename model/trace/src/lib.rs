//! What a journal may tell: the rules that every entry obeys, whoever wrote it.
//!
//! The model's search asks `may_follow` of every entry that the model writes, and finds so whether the rules forbid
//! anything that happens; tests `replay` every journal that the function wrote. An entry that the model couldn't have
//! written says that one of the two is wrong.

mod legal;
mod replay;

pub use legal::{Legal, may_follow};
pub use replay::{replay, replay_all};
