//! Sentences about what people do with tasks beside answering them.

use crate::support::*;

#[test]
fn every_case_of_the_company_holds() {
    assert_eq!(all_hold("actions"), 29);
}
