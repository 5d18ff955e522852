//! What Azure takes and refuses, and where its addresses lead.

mod access;
mod bodies;
mod body;
mod cloud;
mod foreign;
mod login;
mod metadata;
mod moves;
mod network;
mod operations;
mod pair;
mod quota;
mod random;
mod role;
mod routes;
mod rules;
mod stage;
mod superseded;
mod trouble;
mod version;
mod write;
