//! Subjects and reply subjects.

use countersign_messages::{
    Code, DEFAULT_REPLY_PREFIX, RESERVED_CHAINS, Subject, Token, is_reserved_chain, reply_allowed,
};
use proptest::prelude::*;

#[test]
fn each_kind_is_built_as_documented_and_read_back() {
    let rows = [
        (
            Subject::event("demo", "contract-review", "task-overdue"),
            "countersign.demo.evt.contract-review.task-overdue",
        ),
        (
            Subject::command("demo", "erp", "contract", "register"),
            "countersign.demo.cmd.erp.contract.register",
        ),
        (
            Subject::answer("demo", "erp", "contract", "register"),
            "countersign.demo.rpl.erp.contract.register",
        ),
        (Subject::fact("demo", "finance", "receipt", "posted"), "countersign.demo.in.finance.receipt.posted"),
        (Subject::request("demo", "crm", "submit"), "countersign.demo.api.crm.submit"),
        (Subject::dead("demo", "erp"), "countersign.demo.dead.erp"),
    ];
    for (subject, text) in rows {
        let subject = subject.expect("good tokens");
        assert_eq!(subject.to_string(), text);
        assert_eq!(text.parse::<Subject>(), Ok(subject.clone()));
        assert_eq!(subject.company().as_str(), "demo");
    }
}

#[test]
fn what_is_no_subject_is_refused() {
    let rows = [
        "",
        "countersign",
        "countersign.demo",
        "countersign.demo.evt",
        "countersign.demo.evt.a",
        "countersign.demo.evt.a.b.c",
        "countersign.demo.api.*.submit",
        "countersign.demo.api.>",
        "countersign.demo.api..submit",
        "countersign.Demo.dead.erp",
        "countersign.demo.nope.a.b",
        "other.demo.dead.erp",
        "countersign.demo.dead.-erp",
        "countersign.demo.dead.bgm_js",
        "countersign.demo.dead.erp.",
        " countersign.demo.dead.erp",
        "countersign.demo.cmd.erp.contract",
    ];
    for text in rows {
        assert_eq!(text.parse::<Subject>().expect_err(text).code, Code::BadSubject, "{text}");
    }
}

#[test]
fn a_part_with_a_point_cannot_make_another_subject() {
    assert!(Subject::dead("demo.evt", "erp").is_err());
    assert!(Subject::event("demo", "a.b", "c").is_err());
    assert!(Subject::request("demo", "crm", "submit.x").is_err());
}

#[test]
fn reserved_chains_are_known() {
    assert!(RESERVED_CHAINS.into_iter().all(is_reserved_chain));
    assert!(!is_reserved_chain("contract-review"));
}

#[test]
fn subscriptions_cover_one_company() {
    let demo = Token::new("demo").expect("a token");
    assert_eq!(Subject::requests_of(&demo), "countersign.demo.api.*.*");
    assert_eq!(Subject::events_of(&demo), "countersign.demo.evt.*.*");
}

#[test]
fn replies_go_only_under_the_prefix() {
    let long = format!("_INBOX.{}", "x".repeat(600));
    let rows = [
        ("_INBOX.abc", true),
        ("_INBOX.abc.1", true),
        ("_INBOX.", false),
        ("_INBOX", false),
        ("_INBOX.a.*", false),
        ("_INBOX.>", false),
        ("_INBOX.a b", false),
        ("_INBOX.a\r\nPUB x", false),
        ("_INBOX.a..b", false),
        ("_INBOX.a.", false),
        ("_INBOX.\u{4e2d}", false),
        ("x._INBOX.a", false),
        ("countersign.demo.evt.a.b", false),
        ("", false),
        (long.as_str(), false),
    ];
    for (subject, allowed) in rows {
        assert_eq!(reply_allowed(DEFAULT_REPLY_PREFIX, subject), allowed, "{subject:?}");
    }
    assert!(reply_allowed("_INBOX.crm.", "_INBOX.crm.7"));
    assert!(!reply_allowed("_INBOX.crm.", "_INBOX.erp.7"));
    assert!(!reply_allowed("", "anything"));
}

proptest! {
    #[test]
    fn printing_and_parsing_are_inverse(
        parts in prop::collection::vec("[a-z0-9][a-z0-9-]{0,12}", 4),
        kind in 0..6usize,
    ) {
        let [a, b, c, d] = [&parts[0], &parts[1], &parts[2], &parts[3]];
        let subject = match kind {
            0 => Subject::event(a, b, c),
            1 => Subject::command(a, b, c, d),
            2 => Subject::answer(a, b, c, d),
            3 => Subject::fact(a, b, c, d),
            4 => Subject::request(a, b, c),
            _ => Subject::dead(a, b),
        }.expect("good tokens");
        prop_assert_eq!(subject.to_string().parse::<Subject>(), Ok(subject));
    }

    #[test]
    fn whatever_is_read_prints_as_it_was(text in "countersign\\.[a-z.*>_A-Z -]{0,12}\\.(evt|cmd|rpl|in|api|dead)(\\.[a-z0-9_*-]{0,3}){0,4}") {
        if let Ok(subject) = text.parse::<Subject>() {
            prop_assert_eq!(subject.to_string(), text);
        }
    }

    #[test]
    fn a_token_never_holds_what_a_subject_treats_specially(text in ".{0,8}") {
        if let Ok(token) = Token::new(text) {
            prop_assert!(!token.as_str().contains(['.', '*', '>', ' ']));
        }
    }

    #[test]
    fn an_allowed_reply_has_no_wildcard_or_space(tail in ".{0,12}") {
        let subject = format!("_INBOX.{tail}");
        if reply_allowed(DEFAULT_REPLY_PREFIX, &subject) {
            prop_assert!(subject.bytes().all(|b| b.is_ascii_graphic() && b != b'*' && b != b'>'));
        }
    }
}
