//! A served company, by commands over NATS: the deployed NATS configuration, the binary on both sides.

use crate::common::{Company, Ran, binary, ran, text};
use crate::support::{NatsServer, Serve, frames, message_ids, password, stream};
use crate::told::tell;

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

/// Consumers that lost messages get them again: under the ids of the events, as messages that the stream takes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_consumers_lost_is_published_once_more() {
    let (nats, company) = (NatsServer::start(), Company::found());
    let contract = company.contract();
    let submit =
        format!("submit --chain contract-review --as rep_js1 --person H31 --document {}", text(&contract));
    let serve = Serve::start(&company.data(), &nats);
    ask(&nats, "crm", &submit).done();
    let publish = |from: usize| {
        let mut command = binary();
        command.args([
            "publish",
            "--from",
            &from.to_string(),
            "--nats",
            &nats.url(),
            "--nats-user",
            "engine",
        ]);
        command.arg("--data").arg(company.data()).env("COUNTERSIGN_NATS_PASSWORD", password("engine"));
        ran(command.output().expect("the binary runs"))
    };
    publish(1).refused(3, "LOCKED");
    serve.stop();
    let (log_id, before) = frames(&company.data());
    let ids = message_ids("yuanlan", log_id, &before);
    stream::published(&nats, ids.len()).await;
    publish(before.len() + 1).refused(1, "SEQUENCE_UNKNOWN");
    let from = before.len();
    let told = publish(from).done().out;
    assert!(told.contains(&format!("frames {from} to {from}, in COUNTERSIGN_yuanlan")), "{told}");
    let lost = before[from - 1].events.len();
    let serve = Serve::start(&company.data(), &nats);
    ask(&nats, "crm", "decide C-1 T-1 pass --as credit_controller --person H19").done();
    let (_, after) = frames(&company.data());
    let expected = message_ids("yuanlan", log_id, &after);
    let found = stream::published(&nats, expected.len() + lost).await;
    serve.stop();
    let plain = |id: &str| id.rsplit_once("-r").map_or(id.to_owned(), |(id, _)| id.to_owned());
    let (again, first): (Vec<_>, Vec<_>) = found.iter().partition(|(id, _)| plain(id) != *id);
    let told: Vec<String> = first.iter().map(|(id, _)| id.clone()).collect();
    assert_eq!(told, expected, "everything once, before and after");
    let told: Vec<String> = again.iter().map(|(id, _)| plain(id)).collect();
    assert_eq!(told, ids[ids.len() - lost..], "what was lost, once more");
    for (id, body) in &again {
        let before = first.iter().find(|(first, _)| *first == plain(id)).expect("it was out before");
        assert_eq!(*body, before.1, "the same event under the id that it had");
    }
    tell(
        7,
        &format!("`countersign publish --from {from}` after consumers lost messages"),
        "the same events under their ids as new messages; what follows goes on",
        &format!("{lost} events again, {} once", expected.len()),
    );
}

/// The process that serves is told by whoever may open its socket: no stop, no NATS password.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_has_a_running_server_publish_and_looks_at_its_clock() {
    let (nats, company) = (NatsServer::start(), Company::found());
    let serve = Serve::start(&company.data(), &nats);
    let contract = company.contract();
    let submit =
        format!("submit --chain contract-review --as rep_js1 --person H31 --document {}", text(&contract));
    ask(&nats, "crm", &submit).done();
    let (log_id, frames) = frames(&company.data());
    let ids = message_ids("yuanlan", log_id, &frames);
    stream::published(&nats, ids.len()).await;
    let told = company.run("publish --from 1").done().out;
    assert!(told.contains(&format!("frames 1 to {}, in COUNTERSIGN_yuanlan", frames.len())), "{told}");
    assert_eq!(stream::published(&nats, 2 * ids.len()).await.len(), 2 * ids.len());
    company.run(&format!("publish --from {}", frames.len() + 1)).refused(1, "SEQUENCE_UNKNOWN");
    for look in ["clock show", "clock confirm"] {
        let shown = company.run(look).done().out;
        assert!(shown.contains("the time is not in doubt"), "{shown}");
    }
    let shown = company.run("clock show --json").done().last_json();
    assert_eq!(shown["jumped"], false, "{shown}");
    serve.stop();
    company.run("clock show").refused(3, "NOT_SERVED");
    let refused = company.run("publish --from 1").refused(3, "NOT_SERVED");
    assert!(refused.err.contains("--nats URL"), "{}", refused.err);
}
