//! The whole job through the real binary: pushes in, clouds moved, visitors served.

mod alerts;
mod decisions;
mod executors;
mod hostile;
mod journal;
mod kubernetes;
mod many;
mod meanwhile;
mod moves;
mod pings;
mod reconcile;
mod secrets;
mod suspension;
