//! Something happens to a story at one of its calls, which is held meanwhile.

use std::sync::Arc;

use ::stage::Answer;
use sandbox::Moment;

use crate::{recording::Point, stage::Stage};

/// A call at which something is to happen.
#[derive(Debug)]
pub(crate) struct Held {
    reached: tokio::sync::oneshot::Receiver<()>,
    world: Arc<sandbox::World>,
}

impl Held {
    /// The story is to be held there.
    pub(crate) fn at(stage: &Stage, point: Point, moment: Moment) -> Self {
        let world = Arc::clone(&stage.sandbox.world);
        Self { reached: world.stop_at(point.operation, point.nth, moment), world }
    }

    /// Plays on; once the call is reached this `happens`, and lets the story go on when it likes. Whether it was reached,
    /// and what came of the story.
    pub(crate) async fn while_playing(
        self,
        playing: impl Future<Output = Result<Answer, String>>,
        happens: impl AsyncFnOnce(),
    ) -> Result<(bool, Answer), String> {
        let Self { reached, world } = self;
        let happening = async {
            let met = reached.await.is_ok();
            if met {
                happens().await;
            }
            met
        };
        let playing = async {
            let answer = playing.await;
            // Nobody is held there any more, if anybody was.
            world.breakpoints.release();
            answer
        };
        let (met, answer) = tokio::join!(happening, playing);
        Ok((met, answer?))
    }
}
