//! The parts of files: which keys each has, what its values are, and a sentence about each.

use super::Part;
use crate::chain::keys as chain;
use crate::{accounts, authority, company, document, organisation, policies, read, systems, table};

pub(super) fn part(
    name: &'static str,
    keys: read::Keys,
    required: &'static [&'static str],
    about: &'static [(&'static str, &'static str, &'static str)],
) -> Part {
    Part { name, keys: keys.known.to_vec(), required, about }
}

/// A part whose keys are all named here.
pub(super) fn small(
    name: &'static str,
    required: &'static [&'static str],
    about: &'static [(&'static str, &'static str, &'static str)],
) -> Part {
    Part { name, keys: about.iter().map(|(key, ..)| *key).collect(), required, about }
}

pub(super) fn shared() -> Vec<Part> {
    vec![small("title", &[], &[("en", "text", "English"), ("zh", "text", "Chinese")])]
}

/// An activity of responsibility.yaml.
pub(super) fn of_activity() -> Part {
    small(
        "activity",
        &["chains", "cells"],
        &[
            ("title", "title", ""),
            ("chains", "[name]", "The chains that carry it"),
            ("cells", "{verb+}", "By position, kind or group: approve, review, input, draft, execute ..."),
        ],
    )
}

/// `adds_up`, of an authority or as a policy.
fn adding() -> Part {
    small(
        "adding",
        &["same", "within", "counts"],
        &[
            ("same", "[text]", "document, submitter, doc.FIELD"),
            ("within", "span", ""),
            ("counts", "[text]", ""),
        ],
    )
}

pub(super) fn of_company() -> Vec<Part> {
    let mut parts = vec![
        part(
            "file",
            company::KEYS,
            &["company", "currency", "time_zone", "working_time"],
            &[
                ("company", "token", "The company's id"),
                ("title", "title", ""),
                ("currency", "currency", "The currency of bare numbers"),
                ("time_zone", "text", "Such as Asia/Shanghai"),
                ("working_time", "working_time", "When working hours and working days count"),
                ("driver", "name", "The position that drives every chain that names no other"),
                ("usual", "{text}", "Where outcomes lead that a state does not name"),
                ("deadlines", "{span}", "By kind of position; `review` for every other step"),
                ("policies", "policies", "R1 to R22 of the manual"),
            ],
        ),
        small(
            "working_time",
            &["days", "hours"],
            &[
                ("days", "[day]", ""),
                ("hours", "[hours]", "In quotes, such as \"09:00-12:00\""),
                ("holidays", "[date]", ""),
                ("make_up_days", "[date]", "Working days besides"),
            ],
        ),
        small(
            "signers",
            &["up_to", "at_most"],
            &[
                ("up_to", "number", "An amount of the company's currency"),
                ("at_most", "whole", "So many sign up to it"),
                ("levels", "whole", "So many sign one after another, whatever the amount"),
            ],
        ),
        part(
            "policies",
            policies::KEYS,
            &[],
            &[
                ("lower_levels", "=review|not-asked", "R1: levels below the deciding one"),
                ("unnamed_kinds_hold", "whole", "R1"),
                ("own_documents", "own_documents", "R2"),
                ("same_person_twice", "same_person_twice", "R3, R5"),
                ("stand_ins", "stand_ins", "R4"),
                ("independent_steps", "=never-merged|may-merge", "R6"),
                ("vacancy", "[vacancy]", "R7: who signs for a vacant post, the first that can"),
                ("fixed_at", "fixed_at", "R8"),
                ("new_holder_has", "span", "R9"),
                ("skip_level", "skip_level", "R10"),
                ("clock", "clock", "R11"),
                ("returns", "returns", "R12"),
                ("amendments", "amendments", "R12: of documents that change under way"),
                ("approved_content", "=frozen", "R13"),
                ("adds_up", "adding/=never", "R15: for every authority that does not say so itself"),
                ("holds", "holds", "R16"),
                ("within_own_limit", "within_own_limit", "R22"),
                ("signers", "signers", "How many may have to sign"),
                ("commands", "commands", "R17, R18: when commands are sent again"),
                ("subordinates_signatures", "=never-count", "R14"),
            ],
        ),
    ];
    parts.extend(of_policies());
    parts
}

fn of_amendments() -> Part {
    let keys = &[("smaller", "=keeps-signatures|voids", ""), ("larger", "=keeps-opinions|voids", "")];
    small("amendments", &[], keys)
}

fn of_stand_ins() -> Part {
    small("stand_ins", &[], &[("window", "=from-inclusive-to-exclusive", ""), ("submitter", "=never", "")])
}

fn of_policies() -> Vec<Part> {
    vec![
        adding(),
        small("own_documents", &[], &[("own_level", "=drops-out", ""), ("top", "own_top", "")]),
        small(
            "own_top",
            &["decided_by"],
            &[("decided_by", "name", "A group"), ("need", "=everybody-else|group", "")],
        ),
        small(
            "same_person_twice",
            &[],
            &[("signs", "=once|each-time", ""), ("never_below", "whole", ""), ("above", "number", "")],
        ),
        of_stand_ins(),
        small(
            "fixed_at",
            &[],
            &[
                ("chain", "=submission", ""),
                ("path", "=submission|activation", "Whose superiors: those then, or those when a step asks"),
                ("holder", "=activation", ""),
                ("limit", "=decision", ""),
            ],
        ),
        of_amendments(),
        small(
            "skip_level",
            &[],
            &[
                ("answer", "=refuse|allow", ""),
                ("recorded_for", "[=submitter|superior(submitter)]", "For whom an attempt is on record"),
                ("except", "[name]", "Chains that may be sent past the immediate superior"),
            ],
        ),
        small(
            "clock",
            &[],
            &[
                ("remind", "share", ""),
                ("overdue", "share", ""),
                ("escalate", "share", ""),
                ("copies", "[=superior|driver]", "Who is copied on what is overdue"),
                ("top_overdue", "name", "Who hears of what is overdue at the top"),
            ],
        ),
        small(
            "returns",
            &[],
            &[
                ("keep", "=signatures-unless-commercial|nothing", ""),
                ("at_most", "whole", ""),
                ("then", "=rejected", ""),
                ("code", "=REVISION_LIMIT", ""),
            ],
        ),
        small("holds", &[], &[("given_back", "[=draft|bad-end]", "When what is set aside is free again")]),
        small("within_own_limit", &[], &[("push_up", "=refuse|allow", ""), ("except", "[text]", "")]),
        small(
            "commands",
            &[],
            &[
                ("send_after", "[span]", "When a command is sent again; the first entry is 0min"),
                ("hold_after", "span", "When its case stops waiting"),
                ("late_answer", "=adopt-or-undo", ""),
                ("second_answer", "=on-hold", ""),
            ],
        ),
    ]
}

pub(super) fn of_organisation() -> Vec<Part> {
    vec![
        part(
            "file",
            organisation::KEYS,
            &["units", "positions"],
            &[
                ("units", "{unit}", ""),
                ("duties", "{[name]}", "Kinds and positions by duty, for `separate`"),
                ("separate", "[[name]]", "Two duties that may not meet"),
                ("positions", "{position}", ""),
                ("groups", "{group}", "Several positions that decide together"),
                ("delegations", "{delegation}", "Authority handed to another position for a time"),
            ],
        ),
        small(
            "unit",
            &[],
            &[
                ("en", "text", ""),
                ("zh", "text", ""),
                ("part_of", "name", "The unit above"),
                ("province", "name", "Where it stands; otherwise where the unit above does"),
            ],
        ),
        part(
            "position",
            organisation::POSITION,
            &["kind", "unit", "solid", "holders"],
            &[
                ("en", "text", ""),
                ("zh", "text", ""),
                ("kind", "name", "Limits and deadlines are given by kind"),
                ("unit", "name", ""),
                ("covers", "[name]", "Further units that it serves"),
                ("solid", "name", "The one superior who decides; `top` for the one without"),
                ("dotted", "[name]", "Superiors who review or are copied"),
                ("holders", "[text]", "The persons who hold it; [] where it is vacant"),
                ("acting", "acting", "Who acts while it is vacant"),
            ],
        ),
        small(
            "acting",
            &["by", "until"],
            &[
                ("by", "name", ""),
                ("limit", "share", "The share of the post's limit"),
                ("since", "time", ""),
                ("until", "time", ""),
            ],
        ),
        small(
            "group",
            &["members", "need"],
            &[("en", "text", ""), ("zh", "text", ""), ("members", "[name]", ""), ("need", "whole", "")],
        ),
        small(
            "delegation",
            &["from", "to", "authority", "up_to", "start", "end"],
            &[
                ("from", "name", ""),
                ("to", "name", ""),
                ("authority", "[name]", ""),
                ("up_to", "number", ""),
                ("start", "time", ""),
                ("end", "time", ""),
                ("chains", "[name]", "In which chains; in all where it is left out"),
                ("duties", "[name]", "For what: approve, review, input, edit, task; with chains"),
            ],
        ),
    ]
}

pub(super) fn of_authority() -> Vec<Part> {
    vec![
        part(
            "authority",
            authority::KEYS,
            &["measure"],
            &[
                ("measure", "text", "money, a currency, units or percent"),
                ("line", "name/[name]", "`solid`, or a list that is climbed"),
                ("since", "date/time", ""),
                ("limits", "{limit}", "By kind, position or group"),
                ("later", "[later]", "Limits of later dates"),
                ("independent", "flag", ""),
                ("delegable", "any", ""),
                ("adds_up", "adding/=never", "R15: cases whose amounts are held against limits together"),
            ],
        ),
        adding(),
        small("later", &["since", "limits"], &[("since", "date/time", ""), ("limits", "{limit}", "")]),
        small("limit_beside", &["up_to"], &[("up_to", "up_to", ""), ("beside", "name+", "")]),
    ]
}

pub(super) fn of_systems() -> Vec<Part> {
    vec![
        small("file", &["systems"], &[("systems", "{system}", "What back-office systems may say")]),
        part(
            "system",
            systems::KEYS,
            &["persons", "chains", "verbs"],
            &[
                ("persons", "text/[text]", "all, none or a list"),
                ("chains", "text/[text]", "all, none or a list"),
                ("verbs", "text/[text]", "all, none or a list"),
                ("facts", "text/[text]", "all, none or a list"),
                ("up_to", "number/text", "The largest amount, or unlimited"),
            ],
        ),
    ]
}

pub(super) fn of_accounts() -> Vec<Part> {
    let account = part(
        "account",
        accounts::KEYS,
        &["measure", "one_per", "limit"],
        &[
            ("title", "title", ""),
            ("measure", "text", "A currency, or what is counted: units, orders"),
            ("one_per", "{type}", "The parts of its key"),
            ("limit", "expression", "How much there is, or unlimited"),
            ("short", "code", "The code where too little is free"),
            ("define", "{expression}", "Names for expressions, each after those it reads"),
            ("flags", "{expression}", "Words for how it stands: the first that holds"),
            ("below_zero", "text", "The word for a limit that fell below what is taken"),
            ("opening", "{number}", "By key: what was used up before; entered once"),
            ("progress", "progress", "What spending is held against in the report `budgets`"),
        ],
    );
    let progress = part(
        "progress",
        accounts::PROGRESS,
        &["sales", "time"],
        &[
            ("sales", "expression", "The share of the sales target that is reached"),
            ("time", "expression", "The share of the period that is gone"),
        ],
    );
    vec![account, progress]
}

pub(super) fn of_table() -> Vec<Part> {
    vec![
        part(
            "file",
            table::KEYS,
            &["table", "key", "columns", "rows"],
            &[
                ("table", "name", "Its name, as its file's"),
                ("title", "title", ""),
                ("key", "{type}", "The parts of a row's key; `from` for a threshold"),
                ("columns", "{type}", "Each with its type, and after ` = ` its default"),
                ("rows", "{row}", ""),
                ("written_by", "[name]", "Chains that may change it"),
                ("rates", "rates", "It holds rates of exchange"),
            ],
        ),
        small("rates", &["max_age"], &[("max_age", "span", "An older one is none; in days")]),
    ]
}

pub(super) fn of_document() -> Vec<Part> {
    vec![part(
        "file",
        document::KEYS,
        &["document", "fields", "commercial"],
        &[
            ("document", "name", "Its name, as its file's"),
            ("title", "title", ""),
            ("titles", "{title}", "Titles of fields"),
            ("fields", "{field}", "A type, `, unique`, ` = ` and a default or how it is computed"),
            ("commercial", "[name]", "Fields whose change voids the signatures given"),
            ("custodian", "name", "The one position that keeps its cases, which are confidential"),
            ("access", "[text]", "Who else sees them: positions, groups, kinds, kind@owner, superior(owner)"),
        ],
    )]
}

pub(super) fn of_chain() -> Vec<Part> {
    let mut parts = vec![part(
        "file",
        chain::CHAIN,
        &["chain", "document", "initiators", "ends", "states"],
        &[
            ("chain", "token", "Its name, as its file's"),
            ("title", "title", ""),
            ("document", "name", "The type of document it carries"),
            ("key", "expression", "The business key of a case"),
            ("amount", "expression", "What limits are held against"),
            ("initiators", "text/[name]", "Kinds and positions that may submit; anyone; none"),
            ("benefits", "who+", "Who gains from it and so may not decide it (R2)"),
            ("skip_level", "=allowed|refused", "Whether it may be sent past the immediate superior"),
            ("driver", "name", "Receives what is overdue, decides nothing"),
            ("cc", "who+", "Who is copied on every case"),
            ("monitors", "[monitor/who]", "Who is told of everything while a condition holds"),
            ("ends", "{end}", "Each good or bad"),
            ("requires", "[requirement]", "What must hold for a submission"),
            ("starts", "[start]", "What starts a case besides a person's submission"),
            ("alarms", "[alarm]", "Who is told when something takes too long"),
            ("define", "{expression}", "Names for expressions, each after those it reads"),
            ("facts", "{type}", "What a case learns on its way, and after ` = ` what it is at first"),
            (
                "anytime",
                "{anytime}",
                "What may be asked of a case whatever it is doing, and messages that move it",
            ),
            ("hands_on", "{handing_on}", "By end: what the case leaves behind of what it holds"),
            ("states", "{state}", "The first follows submission"),
        ],
    )];
    parts.extend(of_header());
    parts.extend(of_holds());
    parts.extend(of_states());
    parts
}

/// What ends leave behind.
fn of_holds() -> Vec<Part> {
    vec![
        part(
            "handed_on",
            chain::HANDS_ON,
            &["holds"],
            &[
                ("holds", "name+", ""),
                ("lapses", "lapses", "Left out: it goes to the case that started this one"),
            ],
        ),
        part(
            "lapses",
            chain::LAPSES,
            &["to"],
            &[("after", "span", ""), ("at", "expression", "A date or a time"), ("to", "name", "A bad end")],
        ),
    ]
}

/// What stands in the head of a chain.
fn of_header() -> Vec<Part> {
    vec![
        small("monitor", &["who"], &[("who", "who", ""), ("when", "expression", "")]),
        part(
            "requirement",
            chain::REQUIREMENT,
            &["else"],
            &[
                ("must", "expression", "What must be true"),
                ("unique", "expression", "A value, or each value of a list, that no other case has"),
                ("case", "name", "Another case that must stand somewhere: its chain"),
                ("for_each", "text", "One for each item: `line in doc.lines`"),
                ("key", "expression", "Its business key"),
                ("state", "name+", "States or ends, one of which it stands in"),
                ("within", "span", "It came there at most so long ago"),
                ("takes", "name+", "What it holds is this case's from then on"),
                ("else", "code", "The code of the refusal"),
            ],
        ),
        part(
            "start",
            chain::START,
            &["submitter"],
            &[
                ("message", "text", "adapter.object.fact"),
                ("when", "expression", ""),
                ("every", "=day|week|month|quarter|year", "At the beginning of each"),
                ("for_each", "text", "`row in table`"),
                ("submitter", "who", "In whose name"),
                ("with", "{expression}", "Fields of the document"),
                ("begins", "=draft|first", "draft: its submitter completes it"),
            ],
        ),
        part(
            "alarm",
            chain::ALARM,
            &["name", "from", "after", "tell"],
            &[
                ("name", "text", ""),
                ("from", "name", "The state whose entry starts the clock"),
                ("to", "name", "The state that stops it, or `end`"),
                ("missing", "text", "The fact that stops it"),
                ("after", "span", ""),
                ("tell", "who+", ""),
            ],
        ),
        part(
            "anytime",
            chain::ANYTIME,
            &["go"],
            &[
                ("by", "who+", "Persons who may ask"),
                ("by_chain", "[name]", "Chains whose cases may ask"),
                ("in", "[name]", "Only in these states"),
                ("asks", "{shape}", "What the request carries"),
                ("match", "rule_of+", "For a message: which one is meant for this case"),
                ("when", "expression", "For a message: the same as one condition"),
                ("go", "name", "Where it goes then; `stay`"),
                ("learns", "{expression}", "Facts from `request.x` or `message.x`"),
                ("unratified", "name", "For a green light: where it goes when nobody ratifies"),
            ],
        ),
    ]
}

fn of_states() -> Vec<Part> {
    vec![
        small(
            "check",
            &["else"],
            &[
                ("must", "expression", ""),
                ("unique", "expression", "A value, or each value of a list, that no other case has"),
                ("else", "code", ""),
            ],
        ),
        small(
            "branch",
            &[],
            &[("when", "expression", ""), ("go", "name", ""), ("else", "name", "Where it leads otherwise")],
        ),
        small("arrow", &["go"], &[("go", "name", ""), ("learns", "{expression}", "")]),
        small(
            "learning_branch",
            &[],
            &[
                ("when", "expression", ""),
                ("go", "name", ""),
                ("else", "name", "Where it leads otherwise"),
                ("learns", "{expression}", ""),
            ],
        ),
        small("expires", &["after", "go"], &[("after", "span", ""), ("go", "name", "")]),
        small("rule", &["when"], &[("when", "expression", ""), ("first_by", "expression", "")]),
        small(
            "level",
            &["level"],
            &[("level", "name", "A kind, position or group"), ("when", "expression", "")],
        ),
        small("beside", &["who"], &[("who", "who", ""), ("when", "expression", "")]),
        small(
            "one_of_several",
            &[],
            &[("when", "expression", ""), ("who", "who", ""), ("else", "who", "Who is asked otherwise")],
        ),
        small("group_need", &["group"], &[("group", "name", ""), ("need", "whole", "")]),
    ]
}
