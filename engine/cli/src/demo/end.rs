//! How the story ended: what the order came to, what it took, and where to look next.

use std::path::Path;

use countersign_core::money::round_half_up;
use countersign_core::time::Timestamp;
use countersign_server::render::quantity as amount;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::sums::{Line, Sums, money};
use super::teller::time;
use crate::exit::Failure;
use crate::output::{Output, Tone};
use crate::table::Table;
use crate::tell::quantity;

/// Everything there is to say at the end.
pub(super) struct Ending<'d> {
    pub(super) at: Timestamp,
    pub(super) sums: Sums,
    pub(super) commands: usize,
    pub(super) duplicates: u64,
    /// Pieces of work that a system did more than once; none, if everything is right.
    pub(super) done_twice: usize,
    /// What the log holds, as it was verified.
    pub(super) frames: u64,
    pub(super) events: u64,
    /// Where the log is, if it stays.
    pub(super) data: Option<&'d Path>,
}

impl Ending<'_> {
    /// Tells it.
    ///
    /// # Errors
    /// `STORY` where the order is not closed, or something is still owed.
    pub(super) fn tell(&self, output: &Output) -> Result<(), Failure> {
        self.holds()?;
        if output.json {
            return output.object(&self.to_json());
        }
        let good = "The order is closed, and nothing is open:";
        let good = output.word(good, "订单已关闭，无未结款项：");
        output.line(format!("\n{}", output.paint(Tone::Good, good)))?;
        for line in self.table(output).lines(output) {
            output.line(format!("  {line}"))?;
        }
        self.counted(output)?;
        output.line(format!("\n{}", output.word("Where to look next:", "接下来：")))?;
        self.next().iter().try_for_each(|line| output.line(format!("  {line}")))
    }

    /// Whether the order ended as it should.
    fn holds(&self) -> Result<(), Failure> {
        let all = self.sums.all();
        let story = |expected: &str, found: String| {
            Err(Failure::new(
                "STORY",
                format!("the story did not end well: expected {expected}, found {found}"),
            ))
        };
        match &self.sums.end {
            Some((end, true)) if end == "closed" => {}
            Some((end, _)) => return story("the order closed", end.clone()),
            None => return story("the order closed", "it open".to_owned()),
        }
        if all.open() != Decimal::ZERO || all.invoiced != all.ordered || all.delivered != all.units {
            let found = format!(
                "{} open, {} of {} invoiced, {} of {} pieces delivered",
                all.open(),
                all.invoiced,
                all.ordered,
                all.delivered,
                all.units
            );
            return story("everything delivered, invoiced and settled", found);
        }
        if self.done_twice != 0 {
            return story("every command done once", format!("{} done twice", self.done_twice));
        }
        Ok(())
    }

    fn table(&self, output: &Output) -> Table {
        let heads = match output.word("en", "zh") {
            "zh" => ["CNY", "订购数量", "订购金额", "交付", "发票", "开票", "收款", "尾差", "未结"],
            _ => [
                "CNY",
                "PIECES",
                "ORDERED",
                "DELIVERED",
                "INVOICE",
                "INVOICED",
                "RECEIVED",
                "DIFFERENCE",
                "OPEN",
            ],
        };
        let mut table = Table::new(&heads);
        let lines = self.sums.deliveries.values();
        for line in lines {
            table.row(cells(line));
        }
        table.row(cells(&self.sums.all()));
        table
    }

    /// What it took.
    fn counted(&self, output: &Output) -> Result<(), Failure> {
        let Ending { sums, commands, duplicates, frames, events, .. } = self;
        let (answers, again, made) = (sums.answers, sums.again, sums.made);
        let prepaid = shown(sums.prepaid);
        let en = [
            format!("CNY {prepaid} of it was prepaid, {made} pieces were made for it."),
            format!(
                "{answers} answers of people; {commands} commands to other systems, {again} of them sent again, each \
                 done once; {duplicates} repeated messages ignored."
            ),
            format!(
                "The log: {events} events in {frames} frames, verified: every checksum, the chain of hashes, the form \
                 of every frame."
            ),
        ];
        let zh = [
            format!("其中预付 CNY {prepaid}；为此生产 {made} 件。"),
            format!(
                "人员答复 {answers} 次；对外指令 {commands} 条，重发 {again} 次，每条只办一次；重复消息 {duplicates} 条，均被忽略。"
            ),
            format!("日志：{events} 个事件，{frames} 帧；校验和、哈希链与格式均已核验。"),
        ];
        output.line("")?;
        en.iter().zip(&zh).try_for_each(|(en, zh)| output.line(output.word(en, zh)))
    }

    fn next(&self) -> Vec<String> {
        let data = self.data.map_or_else(|| "demo-data".to_owned(), |data| data.display().to_string());
        let mut next = Vec::new();
        if self.data.is_none() {
            next.push(format!("countersign demo --data {data}          keeps the log, for these:"));
        }
        next.extend(
            ["timeline C-1 --all", "case C-1", "explain C-3 --task T-4", "log show", "log verify"]
                .map(|command| format!("countersign {command} --data {data}")),
        );
        next.extend([
            "countersign check workflows/yuanlan     the rules of this company, as an admin writes them"
                .to_owned(),
            "countersign test workflows/yuanlan      what they are meant to do, case by case".to_owned(),
            "countersign diagram workflows/yuanlan   the chains as pictures".to_owned(),
            "workflows/README.md                     the manual of the language; README.md has the tour"
                .to_owned(),
        ]);
        next
    }

    fn to_json(&self) -> Value {
        let all = self.sums.all();
        let (end, good) = self.sums.end.clone().unwrap_or_default();
        let invoices = self.sums.deliveries.values().flat_map(|line| {
            line.invoices.iter().map(|number| {
                json!({ "invoice_no": number, "delivery": line.number,
                "amount": plain(line.invoiced) })
            })
        });
        json!({
            "step": "end", "at": time(self.at), "case": "C-1", "key": all.number, "state": end, "good": good,
            "ordered": plain(all.ordered), "pieces": all.units.to_string(),
            "delivered": all.delivered.to_string(), "invoices": invoices.collect::<Vec<_>>(),
            "invoiced": plain(all.invoiced), "received": plain(all.received),
            "difference": plain(all.difference), "open": plain(all.open()),
            "prepaid": plain(self.sums.prepaid), "made": self.sums.made.to_string(),
            "answers": self.sums.answers, "commands": self.commands, "sent_again": self.sums.again,
            "duplicates_ignored": self.duplicates, "frames": self.frames,
            "events": self.events, "verified": true, "data": self.data,
        })
    }
}

fn cells(line: &Line) -> [String; 9] {
    [
        line.number.clone(),
        line.units.to_string(),
        shown(line.ordered),
        line.delivered.to_string(),
        line.invoices.join(", "),
        shown(line.invoiced),
        shown(line.received),
        shown(line.difference),
        shown(line.open()),
    ]
}

/// `680000.00`, as messages write it.
fn plain(of: Decimal) -> String {
    round_half_up(of, 2).to_string()
}

/// `680,000.00`, an amount of the company's currency.
fn shown(of: Decimal) -> String {
    let text = money(of).as_ref().and_then(amount).as_ref().map(quantity).unwrap_or_default();
    text.split_once(' ').map_or_else(String::new, |(_, amount)| amount.to_owned())
}
