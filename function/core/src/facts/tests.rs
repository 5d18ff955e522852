//! What may be concluded from what was seen.

use super::*;
use crate::story::*;

fn routes(observed: &[Observed]) -> Facts {
    let others = switches(Position::Standby, Position::Standby, Position::Standby);
    let others = others.into_iter().filter(|seen| seen.role != Role::Route);
    looked(others.chain(observed.iter().map(|one| seen(Role::Route, one.clone()))).collect())
}

fn mixed() -> Observed {
    Observed::Mixed("half".to_owned())
}

fn unknown() -> Observed {
    Observed::Unknown("403".to_owned())
}

const PRIMARY: Observed = Observed::At(Position::Primary);
const STANDBY: Observed = Observed::At(Position::Standby);

#[test]
fn the_route_is_where_all_its_switches_were_seen() {
    let route = |observed: &[Observed]| routes(observed).route();
    assert_eq!(route(&[]), None);
    assert_eq!(route(&[PRIMARY]), Some(Position::Primary));
    assert_eq!(route(&[STANDBY, STANDBY]), Some(Position::Standby));
    assert_eq!(route(&[STANDBY, PRIMARY]), None);
    assert_eq!(route(&[PRIMARY, unknown()]), None);
    assert_eq!(route(&[unknown(), PRIMARY]), None);
    assert_eq!(route(&[mixed()]), None);
}

#[test]
fn a_route_is_astray_where_any_of_its_switches_was_seen_elsewhere() {
    let astray = |observed: &[Observed]| routes(observed).is_route_astray(Position::Primary);
    assert!(!astray(&[]) && !astray(&[PRIMARY]) && !astray(&[unknown(), PRIMARY]));
    assert!(astray(&[STANDBY]) && astray(&[mixed()]) && astray(&[PRIMARY, STANDBY]));
    assert!(!routes(&[STANDBY]).is_route_astray(Position::Standby));
}

#[test]
fn what_was_not_seen_at_a_place_is_not_known_to_be_there() {
    let not_at = |observed: &[Observed]| routes(observed).not_at(Position::Standby, &[Role::Route]).len();
    assert_eq!(not_at(&[STANDBY, PRIMARY, mixed(), unknown()]), 3);
    assert_eq!(routes(&[PRIMARY]).not_at(Position::Standby, &[Role::Gate, Role::Monitor]).len(), 0);
    assert_eq!(routes(&[STANDBY]).not_at(Position::Primary, &[Role::Gate, Role::Monitor]).len(), 2);
}

#[test]
fn nothing_looked_at_is_nothing_known() {
    let facts = Facts::none();
    assert!(!facts.public.is_silent() && !facts.primary.is_by(Position::Primary));
    assert!(facts.switches.is_empty() && facts.standby_unable.is_none());
    assert_eq!(facts.public, Served::Unknown("not asked".to_owned()));
}

#[test]
fn silence_and_service_are_told_apart() {
    assert!(Served::Silent(String::new()).is_silent() && !Served::By(Position::Primary).is_silent());
    assert!(Served::By(Position::Standby).is_by(Position::Standby));
    assert!(!Served::By(Position::Standby).is_by(Position::Primary));
}

#[test]
fn sightings_are_told_in_words() {
    assert_eq!(PRIMARY.to_string(), "primary");
    assert_eq!(mixed().to_string(), "mixed (half)");
    assert_eq!(unknown().to_string(), "unknown (403)");
    assert_eq!(seen(Role::Gate, PRIMARY).switch.to_string(), "cloud_run_invoker resume");
    assert_eq!(
        [Position::Primary, Position::Standby].map(Position::opposite).map(|p| p.to_string()),
        ["standby", "primary"]
    );
}
