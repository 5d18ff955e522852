//! The rehearsal: the standby is opened for real, proves that it serves, and is closed again; traffic is never
//! touched.

use super::{
    Executor, Finish, Halt,
    patience::{Tries, Unless},
    set::Before,
};
use crate::{api::fence, clock::Instant, switch::Change};
use failover_core::{End, Position, Role, Step};

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
            Err(Halt::Permanent(refusal)) => Ok(self.ended(End::Unwound, refusal.sentence)),
            Err(Halt::Unwind(why)) => Ok(self.ended(End::Unwound, why)),
            Err(stop) => Err(stop),
        }
    }

    async fn prove(&mut self) -> Result<String, Halt> {
        if let Some(why) = self.unless_stopped(self.site.standby_unable()).await? {
            return Err(Halt::Unwind(format!("the standby can't serve: {why}")));
        }
        let change = self.open_for_proof().await?;
        let opened = Instant::now();
        let asked = self.site.targets.standby.is_some();
        if asked {
            self.serves_in_time().await?;
            self.record(Step::Answer, opened, None);
        }
        let spread = opened.elapsed().as_secs_f64();
        let begun = Instant::now();
        self.touch_routes().await?;
        self.record(Step::Route, begun, Some("a write that changes nothing".to_owned()));
        let answered = match change {
            _ if !asked => "the standby has no URL at which it could be asked".to_owned(),
            Change::Made => format!("the standby answered {spread:.1} s after it was opened"),
            Change::Already => "the standby, which was open already, answered".to_owned(),
        };
        Ok(format!("{answered}, and the route may be written"))
    }

    async fn open_for_proof(&mut self) -> Result<Change, Halt> {
        let begun = Instant::now();
        let before = Before { look: true, answers: None };
        let change = self.set(Role::Gate, Position::Standby, Vec::new(), before).await?;
        if self.has(Role::Gate) {
            let note = (change == Change::Already).then(|| "it was open already".to_owned());
            self.record(Step::Open, begun, note);
        }
        Ok(change)
    }

    async fn serves_in_time(&self) -> Result<(), Halt> {
        let answered = async {
            loop {
                if self.site.prober.standby(&self.site.targets).await.served.is_by(Position::Standby) {
                    return;
                }
                tokio::time::sleep(self.site.pace.between_probes(self.begun.elapsed())).await;
            }
        };
        let within = self.site.verify_within;
        let answered = tokio::time::timeout(within, answered);
        match self.while_kept(&[(Role::Gate, Position::Standby)], None, answered).await? {
            Ok(()) => Ok(()),
            Err(_) => Err(Halt::Unwind(format!(
                "the standby was opened and didn't answer within {} s",
                within.as_secs()
            ))),
        }
    }

    async fn touch_routes(&self) -> Result<(), Halt> {
        for switch in self.site.switches.iter().filter(|switch| switch.role() == Role::Route) {
            let mut tries = Tries::default();
            loop {
                self.before_write().await?;
                match fence::guard(self.standing(), switch.touch()).await {
                    Ok(()) => break,
                    Err(error) => self.after_failure(&error, &mut tries, Unless::Nothing).await?,
                }
            }
        }
        Ok(())
    }

    async fn close_again(&mut self) -> Result<(), Halt> {
        let begun = Instant::now();
        let before = Before { look: true, answers: None };
        self.set(Role::Gate, Position::Primary, Vec::new(), before).await?;
        if self.has(Role::Gate) {
            self.record(Step::Close, begun, None);
        }
        Ok(())
    }

    fn ended(&self, end: End, sentence: String) -> Finish {
        Finish::new(end, self.task.state.active, sentence)
    }
}
