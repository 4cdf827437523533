//! Who may change the rules: whoever has access to the files, a process owner, the first administrator; nobody else.

use crate::support::*;
use countersign_core::command::{Body, Cause, Stored};
use countersign_core::definition::FORM;
use countersign_core::name::Name;
use countersign_core::rejection::Code;

fn stored(world: &World) -> Body {
    let definition = &world.definitions[0];
    Body::Store(Box::new(Stored {
        path: definition.name(),
        source: String::new(),
        sha256: [0; 32],
        form: FORM,
        compiled: definition.encode().expect("a definition encodes"),
    }))
}

#[test]
fn a_process_owner_and_the_first_administrator_change_the_rules_and_nobody_else() {
    let mut world = World::new(demo_definitions(), at("2025-04-21T09:00+08:00"));
    let body = stored(&world);
    // The administrator of this log is H03, who is the process owner too; H06 directs sales.
    world.request("H03", "process_owner", body.clone()).expect("a process owner may");
    let refused = world.request("H06", "sales_director", body.clone()).expect_err("a director may not");
    assert_eq!((refused.code, refused.field.as_deref()), (Code::Forbidden, Some("position")));
    let refused =
        world.request("H06", "process_owner", body).expect_err("who does not hold the post may not");
    assert_eq!(refused.code, Code::NotHolder);

    let release = world.state.definitions().active().expect("a release").clone();
    let numbers: Vec<u32> = release.members.values().copied().collect();
    let activate = Body::Activate { definitions: numbers };
    let refused = world.request("H01", "president", activate.clone()).expect_err("a president may not");
    assert_eq!(refused.code, Code::Forbidden);
    world.request("H03", "process_owner", activate.clone()).expect("a process owner may");
    assert_eq!(world.state.definitions().active().map(|r| r.number), Some(release.number + 1));
    let frame = world.frames.last().expect("a frame");
    assert!(matches!(&frame.cause, Cause::Request(request) if request.person == *"H03"), "{frame:?}");
    let cause = Cause::Timer { due: world.at };
    assert_eq!(world.run(cause, activate).expect_err("time may not").code, Code::Forbidden);
    assert_eq!(world.state.head().administrator, Name::from("H03"));
}
