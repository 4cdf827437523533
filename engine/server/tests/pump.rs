//! Adapters within the process, driven step by step with a clock that is moved by hand.

use crate::support;

use std::collections::VecDeque;

use crate::support::{House, Office, request, with};
use countersign_core::time::{MINUTE, Timestamp};
use countersign_messages::Token;
use countersign_server::{Adapter, BoxFuture, CommandMessage, Pumped, Said, Taken};
use serde_json::{Value, json};

/// An ERP that takes on what it is asked, and is done with it at the next look.
#[derive(Default)]
struct Erp {
    done: VecDeque<String>,
    asked: Vec<String>,
}

fn said(id: &str, answer: &str, fields: Value) -> Said {
    let body = json!({
        "command_id": id, "reply_id": format!("{id}:{answer}"), "at": support::NOW, "answer": answer,
        "fields": fields,
    });
    Said { subject: "countersign.mill.rpl.erp.mo.create".into(), payload: body.to_string().into_bytes() }
}

impl Adapter for Erp {
    fn name(&self) -> &str {
        "erp"
    }

    fn command<'a>(&'a mut self, command: &'a CommandMessage) -> BoxFuture<'a, Vec<Said>> {
        Box::pin(async {
            self.asked.push(command.id());
            self.done.push_back(command.command_id.clone());
            vec![said(&command.command_id, "accepted", json!({ "mo": "MO-1" }))]
        })
    }

    fn news(&mut self, _: Timestamp) -> BoxFuture<'_, Vec<Said>> {
        Box::pin(async { self.done.drain(..).map(|id| said(&id, "done", json!({ "units": 5 }))).collect() })
    }
}

async fn order(desk: &Office, number: &str) {
    let document = json!({ "order_no": number, "units": 5 });
    desk.granted("submit", &with(request("P03", "clerk"), json!({ "chain": "order", "document": document })))
        .await;
}

async fn state(desk: &Office, case: &str) -> Value {
    let at_least = desk.desk.engine().log().durable();
    let seen = with(request("P03", "clerk"), json!({ "case": case, "at_least": at_least }));
    desk.granted("case", &seen).await["ok"]["state"].clone()
}

#[tokio::test]
async fn a_pump_goes_on_until_nothing_more_happens() {
    let house = House::mill().await;
    let server = house.embedded().await;
    let desk = Office::of(&server, "desk");
    // Given before the adapter is there: what is open reaches it.
    order(&desk, "O-1").await;
    server.bus().attach(Box::new(Erp::default())).await;
    order(&desk, "O-2").await;
    let pumped = server.bus().pump().await.expect("it comes to rest");
    assert_eq!(pumped, Pumped { commands: 2, taken: 4, repeated: 0, dead: 0 });
    assert_eq!(
        (state(&desk, "C-1").await, state(&desk, "C-2").await),
        (json!("counting"), json!("counting"))
    );
    assert_eq!(server.bus().pump().await.expect("it rests"), Pumped::default());
    server.stop().await.expect("a clean stop");
}

#[tokio::test]
async fn a_line_gives_open_commands_then_new_ones_and_takes_what_is_said() {
    let house = House::mill().await;
    let server = house.embedded().await;
    let desk = Office::of(&server, "desk");
    order(&desk, "O-1").await;
    let mut line = server.bus().connect(&Token::new("erp").expect("a token"), 4);
    assert_eq!(line.recv().await.expect("a command").id(), "C-1.making.1.1");
    house.clock.advance(u64::try_from(5 * MINUTE).expect("time goes on"));
    assert_eq!(line.recv().await.expect("a command").id(), "C-1.making.1.2");
    let done = said("C-1.making.1", "done", json!({ "units": 5 }));
    assert_eq!(server.bus().take(&done.subject, &done.payload).await, Taken::Effect);
    assert_eq!(server.bus().take(&done.subject, &done.payload).await, Taken::Repeated);
    let dead = server.bus().take("countersign.mill.rpl.erp.mo.create", b"{}").await;
    assert!(matches!(&dead, Taken::Dead(adapter, letter)
        if adapter.as_str() == "erp" && letter.code.as_str() == "MISSING_FIELD"));
    assert_eq!(server.bus().dead_letters().len(), 1);
    let second = said("C-1.making.1", "done", json!({ "units": 6 }));
    let text = String::from_utf8(second.payload).expect("JSON").replace("making.1:done", "making.1:again");
    let other = Said { payload: text.into_bytes(), ..second };
    assert_eq!(server.bus().take(&other.subject, &other.payload).await, Taken::Effect);
    // Without NATS as with it, whatever happened is counted.
    let counts = server.outward_counts();
    assert_eq!((counts.commands, counts.answers, counts.duplicates), (2, 2, 1));
    assert_eq!((counts.conflicts, counts.late, counts.dead), (1, 0, 1));
    assert_eq!(state(&desk, "C-1").await, json!("on-hold"));
    server.stop().await.expect("a clean stop");
}
