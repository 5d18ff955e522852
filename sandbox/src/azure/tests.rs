//! What Azure takes and refuses, and where its addresses lead.

mod access;
mod cloud;
mod login;
mod metadata;
mod network;
mod operations;
mod rules;
mod version;
mod write;
