//! What an operator sees and types, through the real binary.

mod act;
mod announce;
mod azure_role;
mod check;
mod document;
mod init;
mod look;
mod monitors;
mod narrow;
mod promote;
mod publish;
mod reconcile;
mod rehearsal;
mod usage;
