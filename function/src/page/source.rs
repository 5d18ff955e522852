//! Where overviews come from.

use async_trait::async_trait;

use super::Overview;

/// Looks at every site. Whatever can't be read is said in the overview: looking never fails.
#[async_trait]
pub trait Source: Send + Sync + 'static {
    /// An overview of every site, in the order of the configuration. It may take as long as it takes.
    async fn overviews(&self) -> Vec<Overview>;

    /// What the configuration alone tells, at once: shown while nothing else answers.
    fn unlooked(&self) -> Vec<Overview>;
}
