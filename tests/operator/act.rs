//! Moving a site with the operator's own hands.

use sandbox::{Aim, Fault, Options, Power, Promise, Served, SiteSeed};
use serde_json::json;
use stage::{Drill, Settings, settings::FOLDER};

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_moves_a_site_without_pubsub_and_the_journal_has_it_all() {
    let drill = Drill::start().await;
    drill.cut_power();
    let ran = drill.failover(&["act", "failover", "--reason", "the lab is dark"]).await;
    ran.ends(0).says("✓ open").says("✓ pause").says("Done").says("asked for, says alice: the lab is dark");
    assert_eq!(drill.visit().await, Served::Standby);
    drill.restore_power();
    let ran = drill.failover(&["act", "failback", "--by", "bob", "--json"]).await;
    let answer = ran.ends(0).json();
    assert_eq!(
        (&answer["answer"]["end"], &answer["moves"][0]["direction"]),
        (&"Done".into(), &"failback".into())
    );
    assert_eq!(answer["moves"][0]["order"]["asker"]["operator"], "bob");
    assert_eq!(drill.visit().await, Served::Primary);
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_says_what_to_do_and_ends_with_3() {
    let drill = Drill::start().await;
    drill.cut_power();
    drill.failover(&["act", "failover"]).await.ends(0);
    let ran = drill.failover(&["act", "failback"]).await;
    ran.ends(3).says("refused").says("the primary has not answered twice in a row").says("force");
    assert_eq!(drill.visit().await, Served::Standby);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_undone_ends_with_3_and_what_is_stuck_too() {
    let options =
        sandbox::Options { iam_propagation: std::time::Duration::from_hours(1), ..Default::default() };
    let drill = Drill::with(Settings::default(), options).await;
    drill.failover(&["act", "failover"]).await.ends(3).says("Unwound");
    let drill = Drill::start().await;
    drill.sandbox.world.promises.allow(Promise::MovesToWhatAnswers);
    drill.cut_power();
    drill.failover(&["act", "failover"]).await.ends(0);
    drill.failover(&["act", "failback", "--force"]).await.ends(3).says("Stuck");
    drill.failover(&["status"]).await.ends(3).says("stuck").says("failover send acknowledge --site resume");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cloud_that_refuses_ends_with_1_and_the_same_command_goes_on() {
    let drill = Drill::start().await;
    drill.sandbox.world.fault(Aim::at("cloudflare.patch_page_rule").nth(1), Fault::status(403));
    drill.cut_power();
    let ran = drill.failover(&["act", "failover"]).await;
    ran.ends(1).says("✓ open").says("Page Rules: Edit").says("give the same command again");
    drill.failover(&["act", "failover"]).await.ends(0).says("Done");
    assert_eq!(drill.visit().await, Served::Standby);
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_function_and_an_operator_at_once_make_one_move() {
    let drill = Drill::start().await;
    drill.cut_power();
    let (answer, ran) = tokio::join!(drill.open_incident("0.both"), drill.failover(&["act", "failover"]));
    assert_eq!((answer.status, ran.status), (200, 0), "{answer:?} {ran:?}");
    assert_eq!(drill.writes().len(), 3, "{:?}", drill.writes());
    drill.all_promises_hold();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_here_proves_the_standby_and_tells_how_long_it_took() {
    let drill = Drill::start().await;
    let ran = drill.failover(&["rehearse", "--here"]).await;
    ran.ends(0).says("✓ open").says("✓ close").says("the standby answered").says("after it was opened");
    assert_eq!(drill.visit().await, Served::Primary);
    drill.failover(&["act", "failover", "--force"]).await.ends(0);
    drill
        .failover(&["rehearse", "--here"])
        .await
        .ends(3)
        .says("no rehearsal now: the site is on its standby");
    drill.all_promises_hold();
}

/// Of several sites the worst one says how it ends.
#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_of_several_sites_is_as_good_as_its_worst() {
    let settings = Settings { every_site: true, ..Settings::default() };
    let sites = vec![SiteSeed::example(), SiteSeed::numbered(1)];
    let drill = Drill::with(settings, Options { sites, ..Options::default() }).await;
    drill.failover(&["rehearse", "--here"]).await.ends(0);
    drill.sandbox.world.set_standby("resume", Power::Failing(500));
    let unwound = drill.failover(&["rehearse", "--here", "--json"]).await;
    assert_eq!(unwound.ends(3).json()["answer"]["end"], "Unwound");
    let told = drill.failover(&["rehearse", "--here"]).await;
    told.ends(3).says("resume: ").says("didn't answer within").says("site-1: ");
    drill.sandbox.world.set_standby("resume", Power::On);
    drill.failover(&["act", "failover", "--site", "resume"]).await.ends(0);
    let refused = drill.failover(&["rehearse", "--here", "--json"]).await;
    assert_eq!(refused.ends(3).json()["answer"]["verdict"], "refused");
}

/// An order's time is this machine's own: where the journal knows a later one, this clock is behind, or that one was ahead.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_dropped_as_older_ends_with_3_and_names_the_clock() {
    let settings = Settings { journal: FOLDER.to_owned(), ..Settings::default() };
    let drill = Drill::with(settings, Options::default()).await;
    drill.failover(&["act", "failover", "--force"]).await.ends(0);
    let ahead = jiff::Timestamp::now() + jiff::SignedDuration::from_mins(30);
    drill.edit_newest_entry(|entry| entry["state"]["last_move"]["order_time"] = json!(ahead));
    let ran = drill.failover(&["act", "failback"]).await;
    ran.ends(3).says("stale: it is from").says("this machine's clock may be behind");
    assert_eq!(drill.visit().await, Served::Standby);
    let json = drill.failover(&["act", "failback", "--json"]).await.ends(3).json();
    assert!(json["next"].as_str().is_some_and(|next| next.contains("clock may be behind")), "{json}");
}

/// The steps of an answer's list, in order.
fn steps(list: &serde_json::Value) -> Vec<String> {
    let steps = list.as_array().expect("a list").iter();
    steps.map(|step| step["step"].as_str().expect("a step").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_run_is_what_was_shown_before() {
    let together = Settings::default().site + "order = \"together\"\n";
    let together = Settings { site: together, ..Settings::default() };
    for (settings, force) in
        [(Settings::default(), None), (Settings::default(), Some("--force")), (together, None)]
    {
        let drill = Drill::with(settings, sandbox::Options::default()).await;
        drill.cut_power();
        for way in ["failover", "failback"] {
            let words = |verb| [verb, way, "--json"].into_iter().chain(force).collect::<Vec<_>>();
            let shown = drill.failover(&words("plan")).await.ends(0).json();
            let ran = drill.failover(&words("act")).await.ends(0).json();
            let journaled = steps(&ran["moves"][0]["steps"]);
            assert_eq!(steps(&shown["steps"]), journaled, "{way} {force:?}");
            drill.restore_power();
        }
    }
}
