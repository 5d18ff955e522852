//! The rehearsal: the standby is opened for real, proves that it serves, and is closed again; traffic is never
//! touched.

use failover_core::{End, Position, Role, Step};
use tokio::time::Instant;

use super::{Executor, Finish, Halt, set::Before};

impl Executor {
    pub(super) async fn rehearsal(&mut self) -> Result<Finish, Halt> {
        if self.task.resumed {
            self.close_again().await?;
            return Ok(self.ended(End::Unwound, "it was interrupted; the standby is closed again".to_owned()));
        }
        let proof = self.prove().await;
        if let Err(Halt::Stop(stop)) = proof {
            return Err(Halt::Stop(stop));
        }
        self.close_again().await?;
        match proof {
            Ok(sentence) => Ok(self.ended(End::Done, sentence)),
            Err(Halt::Permanent(why) | Halt::Unwind(why)) => Ok(self.ended(End::Unwound, why)),
            Err(stop) => Err(stop),
        }
    }

    async fn prove(&mut self) -> Result<String, Halt> {
        let begun = Instant::now();
        let before = Before { look: true, answers: None };
        self.set(Role::Gate, Position::Standby, Vec::new(), before).await?;
        self.record(Step::Open, begun, None);
        let opened = Instant::now();
        self.serves_in_time().await?;
        let spread = opened.elapsed();
        self.record(Step::Answer, opened, None);
        let begun = Instant::now();
        self.touch_routes().await?;
        self.record(Step::Route, begun, Some("a write that changes nothing".to_owned()));
        Ok(format!(
            "the standby answered {:.1} s after it was opened, and the route may be written",
            spread.as_secs_f64()
        ))
    }

    async fn serves_in_time(&self) -> Result<(), Halt> {
        if self.site.targets.standby.is_none() {
            return Ok(());
        }
        let answered = async {
            loop {
                if self.site.prober.standby(&self.site.targets).await.served.is_by(Position::Standby) {
                    return;
                }
                tokio::time::sleep(self.site.pace.between_probes(self.begun.elapsed())).await;
            }
        };
        let within = self.site.verify_within;
        match self.unless_stopped(tokio::time::timeout(within, answered)).await? {
            Ok(()) => Ok(()),
            Err(_) => Err(Halt::Unwind(format!(
                "the standby was opened and didn't answer within {} s",
                within.as_secs()
            ))),
        }
    }

    async fn touch_routes(&self) -> Result<(), Halt> {
        for switch in self.site.switches.iter().filter(|switch| switch.role() == Role::Route) {
            let mut tries = 0;
            loop {
                self.before_write().await?;
                match switch.touch().await {
                    Ok(()) => break,
                    Err(error) => self.after_failure(&error, &mut tries).await?,
                }
            }
        }
        Ok(())
    }

    async fn close_again(&mut self) -> Result<(), Halt> {
        let begun = Instant::now();
        let before = Before { look: true, answers: None };
        self.set(Role::Gate, Position::Primary, Vec::new(), before).await?;
        self.record(Step::Close, begun, None);
        Ok(())
    }

    fn ended(&self, end: End, sentence: String) -> Finish {
        Finish::new(end, self.task.state.active, sentence)
    }
}
