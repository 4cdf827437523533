//! A served company, by commands over NATS: the deployed NATS configuration, the binary on both sides.

use crate::common::{Company, Ran, binary, ran, text};
use crate::support::{NatsServer, Serve, password};

/// Runs a command as a back-office system.
fn ask(nats: &NatsServer, system: &str, args: &str) -> Ran {
    let mut command = binary();
    command.args(args.split(' ')).args(["--nats", &nats.url(), "--company", "yuanlan", "--system", system]);
    command.args(["--nats-user", system]).env("COUNTERSIGN_NATS_PASSWORD", password(system));
    ran(command.output().expect("the binary runs"))
}

#[test]
fn a_clerk_works_over_nats_and_the_server_stops_when_told() {
    let (nats, company) = (NatsServer::start(), Company::found());
    let serve = Serve::start(&company.data(), &nats);
    let contract = company.contract();
    let submit =
        format!("submit --chain contract-review --as rep_js1 --person H31 --document {}", text(&contract));
    let submitted = ask(&nats, "crm", &submit).done().out;
    assert!(submitted.contains("C-1 is in state clause-review") && submitted.contains("T-1"), "{submitted}");
    ask(&nats, "crm", "decide C-1 T-1 pass --as credit_controller --person H19").done();
    let inbox = ask(&nats, "portal", "inbox --as kam_js --person H29").done().out;
    assert!(inbox.contains("C-1   T-2   review"), "{inbox}");
    let timeline = ask(&nats, "portal", "timeline C-1 --as kam_js --person H29").done().out;
    assert!(timeline.contains("H31 as rep_js1 handed the document in"), "{timeline}");
    ask(&nats, "crm", "decide C-1 T-2 pass --as rep_js1 --person H31").refused(1, "SELF_APPROVAL");
    // systems.yaml: the portal hands nothing in.
    ask(&nats, "portal", &submit).refused(1, "FORBIDDEN");
    ask(&nats, "crm", "inbox --as kam_js").refused(2, "USAGE");
    company.run("inbox --as kam_js").refused(3, "LOCKED");
    serve.stop();
    let unanswered = ask(&nats, "crm", "inbox --as kam_js --person H29").refused(3, "NO_ANSWER");
    assert!(unanswered.err.contains("countersign serve"), "{}", unanswered.err);
    assert!(company.run("inbox --as kam_js").done().out.contains("T-2"));
}

#[test]
fn a_wrong_password_is_refused() {
    let nats = NatsServer::start();
    let mut command = binary();
    command.args([
        "inbox",
        "--nats",
        &nats.url(),
        "--company",
        "yuanlan",
        "--system",
        "crm",
        "--nats-user",
        "crm",
    ]);
    command.args(["--as", "kam_js", "--person", "H29"]).env("COUNTERSIGN_NATS_PASSWORD", "wrong");
    ran(command.output().expect("the binary runs")).refused(3, "NATS_REFUSED");
}

/// No case is needed to ask how accounts stand, but a post and a system that may use the verb are.
#[test]
fn accounts_are_shown_over_nats() {
    let (nats, data) = (NatsServer::start(), tempfile::tempdir().expect("a folder"));
    crate::support::init_company(data.path(), "workflows/yuanlan", "H03");
    let serve = Serve::start(data.path(), &nats);
    let who = "--as credit_controller --person H19";
    let found = ask(&nats, "portal", &format!("accounts --account credit {who} --json")).done().last_json();
    let credit = &found["accounts"][0];
    assert_eq!((&credit["key"], &credit["used"]), (&"CU-JS-001".into(), &"560000".into()));
    assert_eq!((&credit["free"], &credit["measure"]), (&"240000".into(), &"CNY".into()));
    assert!(found["sequence"].is_u64(), "{found}");
    let table = ask(&nats, "crm", &format!("accounts {who}")).done().out;
    assert!(table.contains("promo_js_2025q2") && table.contains("HELD BY"), "{table}");
    let one = ask(&nats, "crm", &format!("accounts CU-JS-001 {who}")).done().out;
    assert!(one.contains("credit") && one.contains("orders_placed") && !one.contains("promo"), "{one}");
    ask(&nats, "crm", &format!("accounts --account credits {who}")).refused(1, "ACCOUNT_UNKNOWN");
    serve.stop();
}
