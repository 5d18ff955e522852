//! Cases at Google: messages in whatever order, and interfaces that answer otherwise than usual.

mod case;
mod play;

pub(crate) use play::play;
