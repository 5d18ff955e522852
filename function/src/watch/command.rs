//! `failover watch` on the command line: from the configuration to a watcher.

use std::{path::Path, process::ExitCode, sync::Arc};

use failover_core::SiteName;

use super::{AlertsTopic, BLOCKING_THREADS, Dialer, Ears, Letterbox, Rules, Settings, Watcher, events};
use crate::{
    announce::{Announcer, Outlet, Topic},
    api::tokens::Tokens,
    clouds::google::credentials::DefaultCredentials,
    config::{Config, Environment, Purpose, TopicName},
    pubsub::{PubSub, PubSubSettings},
};

/// Something failed that another try may mend.
const FAILED: u8 = 1;

/// What was typed makes no sense together with the configuration.
const USAGE: u8 = 2;

/// What is typed after `failover watch`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What this watcher is called; every watcher has a name of its own. The host's name if nobody says.
    #[arg(long, short, value_parser = name)]
    name: Option<String>,
    /// Only this site; may be given several times.
    #[arg(long, short, value_name = "NAME", value_hint = clap::ValueHint::Other)]
    site: Vec<SiteName>,
    /// The topic of the reports; without it Pub/Sub is asked for the one that the function's subscription delivers.
    #[arg(long, value_name = "TOPIC")]
    topic: Option<TopicName>,
}

/// It becomes part of ids, so it is one plain word.
fn name(text: &str) -> Result<String, &'static str> {
    if !text.is_empty() && text.len() <= 60 && text.chars().all(is_plain) {
        Ok(text.to_owned())
    } else {
        Err("a watcher's name is at most 60 letters, digits, dashes, dots or underscores")
    }
}

fn is_plain(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.')
}

/// Watches until SIGTERM; the exit code says why it could not.
pub fn run(path: &Path, args: &Args, ending: impl Future<Output = ()>) -> ExitCode {
    #[cfg(feature = "drill")]
    drill::end_with_parent();
    let environment = Environment::capture(Purpose::Look);
    crate::log::init(&environment.of_the_log());
    let config = match Config::load(path, &environment) {
        Ok(config) => config,
        Err(problems) => {
            tracing::error!("{problems}");
            return problems.exit_code();
        }
    };
    let started = runtime().map_err(|error| (FAILED, format!("no runtime could be started: {error}")));
    let watched = started.and_then(|runtime| {
        let watched = runtime.block_on(watch(&config, args, ending));
        // A lookup that nobody waits for any more isn't waited for here either.
        runtime.shutdown_background();
        watched
    });
    match watched {
        Ok(()) => ExitCode::SUCCESS,
        Err((code, why)) => {
            tracing::error!("{why}");
            ExitCode::from(code)
        }
    }
}

/// One thread is enough for a thousand sites, and has one heap.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(BLOCKING_THREADS).build()
}

/// Watches; the error is an exit code and why.
async fn watch(config: &Config, args: &Args, ending: impl Future<Output = ()>) -> Result<(), (u8, String)> {
    let settings = settings(config, args)?;
    let dialer = Dialer::new().map_err(|error| {
        let why = format!(
            "could not prepare for HTTPS: {error}; install the CA certificates or point SSL_CERT_FILE to them"
        );
        (FAILED, why)
    })?;
    let pubsub = pubsub(config);
    let outlets = config
        .events
        .iter()
        .map(|events| Arc::new(Topic::new(pubsub.clone(), events.as_str())) as Arc<dyn Outlet>);
    let announcer = Announcer::new(outlets.collect());
    let given = args.topic.as_ref().or(config.push.alerts_topic.as_ref());
    let letterbox = Arc::new(AlertsTopic::new(pubsub.clone(), given, &config.push.alerts));
    let watcher = Watcher::new(settings, dialer, letterbox as Arc<dyn Letterbox>, announcer);
    let answers = config.watch.events.as_ref().map(ToString::to_string);
    watcher.run(ending, |ears| listen(pubsub, answers, ears)).await;
    Ok(())
}

/// Listens for the function's answers, where somebody made a subscription for that.
async fn listen(pubsub: PubSub, subscription: Option<String>, ears: Arc<Ears>) {
    match subscription {
        Some(subscription) => events::listen(pubsub, subscription, ears).await,
        None => std::future::pending().await,
    }
}

fn settings(config: &Config, args: &Args) -> Result<Settings, (u8, String)> {
    if let Some(unknown) = args.site.iter().find(|site| config.site(site.as_str()).is_none()) {
        return Err((USAGE, format!("\"{unknown}\" is no site of this configuration")));
    }
    let meant = |name: &SiteName| args.site.is_empty() || args.site.contains(name);
    let sites: Vec<_> =
        config.sites.iter().filter(|site| meant(&site.name) && site.public_url.is_some()).collect();
    if sites.is_empty() {
        return Err((USAGE, "none of these sites has a public_url that could be watched".to_owned()));
    }
    Ok(Settings {
        name: args.name.clone().unwrap_or_else(host_name),
        rules: Rules {
            every: config.watch.every,
            threshold: config.watch.threshold,
            recovery: config.watch.recovery,
            agree: config.watch.agree,
        },
        sites: sites.into_iter().map(|site| (site.name.clone(), site.targets())).collect(),
        patience: config.pace.probe_timeout,
        anchors: config.watch.anchors.clone(),
    })
}

/// Nothing but Pub/Sub is asked, so nothing but tokens for it is needed.
fn pubsub(config: &Config) -> PubSub {
    let tokens = (!config.emulated.pubsub)
        .then(|| Arc::new(DefaultCredentials::new(config.pace.call_timeout)) as Arc<dyn Tokens>);
    PubSub::new(PubSubSettings {
        endpoint: config.endpoints.pubsub.clone(),
        tokens,
        call_timeout: config.pace.call_timeout,
    })
}

/// What the kernel calls this host, as far as it fits into a name.
fn host_name() -> String {
    let told = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let plain: String = told.trim().chars().filter(|letter| is_plain(*letter)).take(60).collect();
    if plain.is_empty() { "watch".to_owned() } else { plain }
}
