//! What is otherwise than usual all through a case.

/// The conditions under which a story is played again.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Conditions {
    /// Its processes have a clock of their own, which runs so many times as fast.
    pub(crate) speed: Option<u32>,
    /// Every time is at its default.
    pub(crate) default_times: bool,
    /// The journal is waited for as long as by default.
    pub(crate) patient: bool,
    /// Who has no power gives no answer, instead of refusing.
    pub(crate) hosts_hang: bool,
    /// Its processes may have so many descriptors.
    pub(crate) descriptors: Option<u32>,
    /// Further lines for the site's configuration.
    pub(crate) site: &'static str,
}
