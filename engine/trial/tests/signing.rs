//! Sentences about people, time and other places, and what can be expected of them.

mod support;

use countersign_trial::run;
use support::*;

#[test]
fn every_case_of_the_company_holds() {
    assert_eq!(all_hold("signing"), 11);
}
