//! The commands, one file each; questions about a case share one.

mod accounts;
mod adapter;
mod apply;
mod asking;
mod bench;
mod check;
mod clock;
mod cover;
mod decide;
mod decide_all;
mod demo;
mod diagram;
mod explain_code;
mod fact;
mod init;
mod jump;
mod junit;
mod limits;
mod log;
mod on_task;
mod operate;
mod org;
mod preview;
mod publish;
mod questions;
mod refer_up;
mod report;
mod request;
mod resubmit;
mod reveal;
mod schema;
mod serve;
mod submit;
mod test;
mod undo;
mod views;
mod withdraw;
mod within;

use clap::Subcommand;

pub(crate) use asking::Once;
pub(crate) use log::verify;

use crate::exit::Failure;
use crate::output::Output;

/// What can be done.
#[derive(Subcommand)]
pub(crate) enum Command {
    Init(init::Init),
    Serve(serve::Serve),
    Adapter(adapter::Adapter),
    Publish(publish::Publish),
    Clock(clock::Clock),
    Check(check::Check),
    Test(test::Test),
    Diagram(diagram::Diagram),
    Schema(schema::SchemaOut),
    Apply(apply::Apply),
    Submit(submit::Submit),
    Resubmit(resubmit::Resubmit),
    Amend(resubmit::Amend),
    Decide(decide::Decide),
    DecideAll(decide_all::DecideAll),
    Withdraw(withdraw::Withdraw),
    ReferUp(refer_up::ReferUp),
    Transfer(on_task::Transfer),
    Consult(on_task::Consult),
    AddApprover(on_task::AddApprover),
    RemoveApprover(undo::RemoveApprover),
    Claim(on_task::Claim),
    Release(on_task::Release),
    TakeBack(undo::TakeBack),
    Fact(fact::Fact),
    Request(request::Request),
    Reveal(reveal::Reveal),
    Erase(reveal::Erase),
    Inbox(questions::Inbox),
    Case(questions::Case),
    Timeline(questions::Timeline),
    Explain(questions::Explain),
    ExplainCode(explain_code::ExplainCode),
    Preview(preview::Preview),
    Handler(questions::Handler),
    Org(org::Org),
    Accounts(accounts::Accounts),
    Report(report::Report),
    Log(log::Log),
    Views(views::Views),
    Bench(bench::Bench),
    Demo(demo::Demo),
}

impl Command {
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        match self {
            Command::Init(command) => command.run(output),
            Command::Serve(command) => command.run(output),
            Command::Adapter(command) => command.run(output),
            Command::Publish(command) => command.run(output),
            Command::Clock(command) => command.run(output),
            Command::Check(command) => command.run(output),
            Command::Test(command) => command.run(output),
            Command::Diagram(command) => command.run(output),
            Command::Schema(command) => command.run(output),
            Command::Apply(command) => command.run(output),
            Command::Submit(command) => command.run(output),
            Command::Resubmit(command) => command.run(output),
            Command::Amend(command) => command.run(output),
            Command::Decide(command) => command.run(output),
            Command::Withdraw(command) => command.run(output),
            Command::ReferUp(command) => command.run(output),
            Command::Transfer(command) => command.run(output),
            Command::Consult(command) => command.run(output),
            Command::AddApprover(command) => command.run(output),
            Command::RemoveApprover(command) => command.run(output),
            Command::Claim(command) => command.run(output),
            Command::Release(command) => command.run(output),
            Command::TakeBack(command) => command.run(output),
            Command::DecideAll(command) => command.run(output),
            Command::Fact(command) => command.run(output),
            Command::Request(command) => command.run(output),
            Command::Reveal(command) => command.run(output),
            Command::Erase(command) => command.run(output),
            Command::Inbox(command) => command.run(output),
            Command::Case(command) => command.run(output),
            Command::Timeline(command) => command.run(output),
            Command::Explain(command) => command.run(output),
            Command::ExplainCode(command) => command.run(output),
            Command::Preview(command) => command.run(output),
            Command::Handler(command) => command.run(output),
            Command::Org(command) => command.run(output),
            Command::Accounts(command) => command.run(output),
            Command::Report(command) => command.run(output),
            Command::Log(command) => command.run(output),
            Command::Views(command) => command.run(output),
            Command::Bench(command) => command.run(output),
            Command::Demo(command) => command.run(output),
        }
    }
}
