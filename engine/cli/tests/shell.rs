//! What every command owes to whoever types it: help with examples, exit codes, no colours in files, no panics.

use crate::common;

use std::process::Stdio;

use crate::common::{Company, binary, ran, run};

/// Every command, by its words.
const COMMANDS: [&str; 61] = [
    "init",
    "serve",
    "adapter",
    "publish",
    "clock",
    "clock show",
    "clock confirm",
    "check",
    "test",
    "diagram",
    "schema",
    "apply",
    "submit",
    "resubmit",
    "amend",
    "decide",
    "decide-all",
    "withdraw",
    "refer-up",
    "transfer",
    "consult",
    "add-approver",
    "remove-approver",
    "claim",
    "release",
    "take-back",
    "fact",
    "request",
    "reveal",
    "erase",
    "inbox",
    "case",
    "case hold",
    "case resume",
    "case retry",
    "case compensate",
    "case jump",
    "timeline",
    "explain",
    "explain-code",
    "preview",
    "handler",
    "org",
    "org plan",
    "org apply",
    "org show",
    "accounts",
    "accounts verify",
    "report",
    "log",
    "log show",
    "log verify",
    "log export",
    "log backup",
    "log fork",
    "log snapshot",
    "views",
    "views rebuild",
    "bench",
    "demo",
    "help",
];

#[test]
fn every_command_has_help_with_an_example() {
    let help = run(["--help"]).done().out;
    let listed =
        help.split("Commands:").nth(1).and_then(|rest| rest.split("Options:").next()).expect("commands");
    let named = listed.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let named: Vec<&str> = named.filter_map(|line| line.split_whitespace().next()).collect();
    let top: Vec<&str> = COMMANDS.into_iter().filter(|command| !command.contains(' ')).collect();
    assert_eq!(named, top);
    for part in ["Exit codes:", "0  done", "4  a defect", "NO_COLOR", "countersign demo"] {
        assert!(help.contains(part), "expected {part} in\n{help}");
    }
    for command in COMMANDS.iter().filter(|command| **command != "help") {
        let help = run(command.split(' ').chain(["--help"])).done().out;
        assert!(
            help.contains("Examples:") && help.contains(&format!("countersign {command}")),
            "{command}:\n{help}"
        );
    }
}

#[test]
fn a_command_line_that_cannot_be_understood_ends_with_2() {
    for line in [
        "",
        "approve",
        "check",
        "inbox --as",
        "inbox --as kam_js --data . --nats nats://127.0.0.1:1",
        "decide C-1 T-1 maybe --data .",
        "bench --callers 0",
        "demo --lang fr",
    ] {
        let args: Vec<&str> = line.split(' ').filter(|word| !word.is_empty()).collect();
        assert_eq!(run(args).code, 2, "{line}");
    }
    run(["inbox", "--as", "kam_js"]).refused(2, "USAGE");
    let refused = run(["serve", "--data", "/tmp"]).refused(2, "USAGE");
    assert!(refused.err.contains("--nats URL"), "{}", refused.err);
    run(["inbox", "--nats", "nats://127.0.0.1:1", "--as", "kam_js"]).refused(2, "USAGE");
}

#[test]
fn nobody_to_answer_ends_with_3() {
    let args = "inbox --nats nats://127.0.0.1:1 --company yuanlan --system crm --as kam_js --person H29";
    let refused = run(args.split(' ')).refused(3, "NATS_UNREACHABLE");
    assert!(refused.err.contains("hint: "), "{}", refused.err);
}

#[test]
fn a_password_in_the_address_is_refused_and_not_repeated() {
    for command in ["inbox --company yuanlan --system crm --as kam_js --person H29", "serve --data ."] {
        let args = command.split(' ').chain(["--nats", "nats://crm:hunter2@127.0.0.1:1"]);
        let refused = run(args);
        assert!(refused.code != 0 && !refused.err.contains("hunter2"), "{}", refused.err);
    }
}

#[test]
fn there_are_no_colours_outside_a_terminal() {
    let company = Company::found();
    company.submit().done();
    for command in ["case C-1", "timeline C-1", "log verify", "log show", "inbox --as legal", "case C-7"] {
        let said = company.run(command);
        assert!(
            !said.out.contains('\u{1b}') && !said.err.contains('\u{1b}'),
            "{command}: {}{}",
            said.out,
            said.err
        );
    }
    assert!(!run(["check", "/nowhere"]).out.contains('\u{1b}'));
    assert!(!run(["nonsense"]).err.contains('\u{1b}'));
}

#[test]
fn a_closed_pipe_is_no_panic() {
    let company = Company::found();
    company.submit().done();
    for args in ["log show", "case C-1", "timeline C-1 --json"] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let mut command = binary();
        command.args(args.split(' ')).arg("--data").arg(company.data()).stdout(writer).stderr(Stdio::piped());
        let ended = ran(command.output().expect("the binary runs"));
        assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{args}");
    }
}

#[test]
fn every_answer_is_json_where_it_is_asked_for() {
    let company = Company::found();
    let submitted = company.run(&format!(
        "submit --json --chain contract-review --as rep_js1 --document {}",
        common::text(&company.contract())
    ));
    assert_eq!(submitted.done().last_json()["ok"]["case"], "C-1");
    for command in [
        "inbox --as legal",
        "case C-1",
        "timeline C-1",
        "explain C-1",
        "handler C-1",
        "decide C-1 T-1 pass --as credit_controller",
        "views rebuild",
        "log verify",
    ] {
        let answer = company.run(&format!("{command} --json")).done();
        assert_eq!(answer.out.lines().count(), 1, "{command}: {}", answer.out);
        assert!(answer.last_json().is_object(), "{command}");
    }
    let refused = company.run("case C-9 --json");
    let error: serde_json::Value = serde_json::from_str(&refused.err).expect("an object");
    assert_eq!((refused.code, &error["error"]["code"]), (1, &"CASE_UNKNOWN".into()));
    assert!(error["sequence"].is_u64(), "{error}");
}
