//! The drill as a stranger starts it: the real binary, its report, its faults, and its end.

mod edge;
mod endings;
mod faults;
mod kubernetes;
mod looks;
mod process;
mod report;
mod sandbox_alone;
mod virtual_ip;
