//! What is promised of approvals, row by row, and the tests that fail when it is broken: every action, every awkward
//! situation, every rule R1-R22. The tests named here exist.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A promise and its proofs: the file, and a scenario, case or function in it.
type Promise = (&'static str, &'static [(&'static str, &'static str)]);

const CONTRACT: &str = "engine/core/tests/scenarios/contract.case";
const LIVING: &str = "engine/core/tests/scenarios/organisation.case";
const DEPUTIES: &str = "engine/core/tests/scenarios/deputies.case";
const CASES: &str = "engine/trial/tests/actions/cases/promises.yaml";
const LIMITS: &str = "engine/core/tests/limits.rs";
const ROUTES: &str = "engine/core/tests/routes.rs";
const NAMED: &str = "engine/core/tests/named_deputies.rs";
const TIMERS: &str = "engine/core/tests/timers.rs";

/// What people do.
const ACTIONS: &[Promise] = &[
    (
        "in order 顺签",
        &[
            (CASES, "in order 顺签: who stands twice in the list is asked twice, and the list ends"),
            (CASES, "in order 顺签: whoever returns it ends the rest"),
        ],
    ),
    (
        "all 会签",
        &[
            (CASES, "all 会签: all are waited for, and returned beats passed"),
            (CASES, "all 会签: a veto closes the step at once, and who was still asked has not rejected it"),
            ("engine/server/tests/blind.rs", "blind_opinions_are_shown_to_nobody_before_they_are_open"),
        ],
    ),
    (
        "any 或签",
        &[
            (CASES, "any 或签: the first answer decides, a later one changes nothing"),
            (CASES, "any 或签: whom nobody can be found for is not missed, as long as somebody is asked"),
            (
                "engine/core/tests/actions/bulk-and-late.case",
                "a late answer of any is recorded as late and changes nothing",
            ),
        ],
    ),
    (
        "votes 票签",
        &[
            (CASES, "votes 票签: it ends as soon as the outcome is certain"),
            (CASES, "votes 票签: two of three cannot be had any more"),
        ],
    ),
    ("tiers", &[(CASES, "tiers: side by side within a tier, one tier after another")]),
    ("cc 抄送", &[(CASES, "cc 抄送: who is copied is told and never asked")]),
    (
        "transfer 转办",
        &[
            (
                "engine/core/tests/actions/transfer.case",
                "another post of the same limit decides by its own authority",
            ),
            (
                "engine/core/tests/actions/transfer.case",
                "where its own limit does not suffice the approval becomes a review and the route goes on",
            ),
            ("engine/core/tests/actions/transfer.case", "never to the submitter, in whichever post"),
            ("engine/core/tests/actions/transfer.case", "never around the separation of duties"),
        ],
    ),
    (
        "consult 委派",
        &[
            ("engine/core/tests/actions/consult.case", "an opinion, and whoever asked still decides"),
            (
                "engine/core/tests/actions/consult.case",
                "an objection of whom one asks is none that has to be overridden",
            ),
        ],
    ),
    (
        "deputy 代理",
        &[
            (LIVING, "S14 a deputy signs up to the end of the delegation, and not at its end"),
            (LIVING, "no chains beyond one: whoever stands in hands nothing on"),
            (LIVING, "R4 a deputy who is the submitter may not sign"),
        ],
    ),
    (
        "leaver 离职",
        &[
            (LIVING, "a leaver's work moves with the post, the record keeps the name"),
            (LIVING, "a leaver's signatures stand"),
        ],
    ),
    (
        "take back 拿回",
        &[
            ("engine/core/tests/actions/take-back.case", "while the next level has not answered"),
            ("engine/core/tests/actions/take-back.case", "not any more when it has"),
        ],
    ),
    (
        "withdraw 撤销",
        &[
            (CASES, "withdraw 撤销: until the final decision, by the submitter alone"),
            (CONTRACT, "D1 the submitter takes it back, once sealed no more"),
        ],
    ),
    (
        "return 驳回",
        &[
            (CONTRACT, "S03 only an attachment changed: the route resumes where it was returned"),
            (CONTRACT, "S03 the sixth return ends the case"),
            ("engine/core/tests/actions/return-to.case", "to the step before"),
            (
                "engine/core/tests/actions/return-to.case",
                "to a step by name: what was signed between still stands",
            ),
            (
                "engine/core/tests/actions/return-to.case",
                "of several who return it the one who goes back farthest, and whoever says nothing follows the chain",
            ),
        ],
    ),
    (
        "jump 跳转",
        &[
            ("engine/core/tests/actions/jump.case", "past a step, with a reason, and marked for ever"),
            ("engine/core/tests/actions/jump.case", "only an administrator"),
        ],
    ),
    (
        "add / remove approver 加签 减签",
        &[
            ("engine/core/tests/actions/approvers.case", "before: whoever adds is asked again afterwards"),
            (
                "engine/core/tests/actions/approvers.case",
                "what is added is a review: it may return the document, and decides nothing",
            ),
            ("engine/core/tests/actions/approvers.case", "own additions are removed, nobody else's"),
            ("engine/core/tests/actions/approvers.case", "the last one cannot be removed"),
        ],
    ),
    (
        "claim / release 认领",
        &[
            ("engine/core/tests/actions/claim.case", "one owner, and all of them again"),
            (
                "engine/core/tests/actions/claim.case",
                "what one alone may answer is not claimed, nor by others",
            ),
        ],
    ),
    (
        "remind / overdue 催办 超时",
        &[
            (CONTRACT, "S17 eight working hours over the May holidays"),
            (CONTRACT, "S18 silence is overdue, then escalated, never an approval"),
        ],
    ),
    (
        "bulk approve 批量",
        &[
            ("engine/core/tests/actions/bulk-and-late.case", "among others what is stale drops out"),
            (
                "engine/core/tests/actions/bulk-and-late.case",
                "among others an approval that would not decide is none",
            ),
        ],
    ),
    (
        "appeal 申诉",
        &[
            ("workflows/yuanlan/cases/appeal.yaml", "D10 the superior of who decided reverses it"),
            ("workflows/yuanlan/cases/appeal.yaml", "D10 whoever signed the case does not judge it"),
            ("workflows/yuanlan/cases/appeal.yaml", "D10 after 80 working hours nobody may"),
            (
                "workflows/yuanlan/cases/penalty.yaml",
                "S39 an appeal goes to the president, the proposal stands meanwhile and is taken back",
            ),
        ],
    ),
    (
        "green light 绿灯",
        &[
            (
                "workflows/yuanlan/cases/green-light.yaml",
                "S38 nobody ratifies, and what can be undone is undone",
            ),
            ("workflows/yuanlan/cases/green-light.yaml", "S38 a fourth while three are open"),
            (
                "workflows/yuanlan/cases/green-light.yaml",
                "not for own documents, nor for what names no green light",
            ),
        ],
    ),
    (
        "amend 变更",
        &[
            (
                "workflows/yuanlan/cases/promo-plan.yaml",
                "S45 an approved plan is frozen; another revision goes the full route",
            ),
            ("workflows/yuanlan/cases/promo-plan.yaml", "S45 a plan on which claims draw is not amended"),
        ],
    ),
];

/// What goes wrong in companies.
const SITUATIONS: &[Promise] = &[
    (
        "approver is the submitter or benefits",
        &[
            (CONTRACT, "S04 nobody decides an own document, and the own level drops out"),
            (CASES, "the approver benefits: nobody who submitted it decides it, in whichever post"),
        ],
    ),
    (
        "same person twice on the route",
        &[
            (CONTRACT, "S47 the merge floor adds the region"),
            (
                "workflows/yuanlan/cases/promo-plan.yaml",
                "S07 one person on two levels signs once, in both capacities",
            ),
            (LIVING, "S15 a deputy who signed below is one person: the merge floor adds the region"),
        ],
    ),
    (
        "nobody resolved",
        &[
            (CONTRACT, "S06 a vacant branch manager's superior signs once for both"),
            (LIVING, "a vacated post goes to the deputy first, then to the superior"),
            (LIVING, "an acting holder has a share of the limit, within a window"),
            (CASES, "nobody at all: the case is held, and goes on once somebody holds the post"),
        ],
    ),
    ("no limit recorded", &[(CASES, "no limit recorded: it is 0, so that the next one decides even a fen")]),
    (
        "currency differs from the limit's",
        &[
            (LIMITS, "an_amount_in_another_currency_is_decided_at_the_rate_of_the_day_of_each_decision"),
            (LIMITS, "without_a_rate_nothing_is_decided_and_nothing_is_half_done"),
        ],
    ),
    (
        "amount changes during the route",
        &[
            (CASES, "the amount grows: signatures below the new need stay as reviews and the route grows"),
            (CASES, "the amount shrinks: the route is as short as it may be"),
            (CONTRACT, "S02 a returned contract that got cheaper starts at level one again"),
        ],
    ),
    (
        "organisation changes during the route",
        &[
            (CONTRACT, "S09 the post's new holder takes over with at least four working hours"),
            (CONTRACT, "S10 an abolished post's superior decides"),
            (
                "engine/core/tests/organisation.rs",
                "what_a_plan_foretells_is_what_happens_and_a_plan_changes_nothing",
            ),
        ],
    ),
    ("cycle in the hierarchy", &[("engine/chain/tests/broken/organisation.rs", "superiors in a circle")]),
    ("two people decide at once", &[(CONTRACT, "S41 two sessions decide the same task: one wins")]),
    (
        "editor of rules, decider of cases",
        &[
            (
                "engine/core/tests/rules.rs",
                "a_process_owner_and_the_first_administrator_change_the_rules_and_nobody_else",
            ),
            (LIVING, "who keeps the organisation gives nothing to themselves"),
            ("engine/core/tests/organisation.rs", "who_may_change_it"),
        ],
    ),
];

/// The rules of the demo company.
const RULES: &[Promise] = &[
    (
        "R1",
        &[
            (CONTRACT, "S01 the branch manager's limit is inclusive"),
            (CONTRACT, "S01 one fen more goes to the region"),
            (ROUTES, "levels_below_the_deciding_one_are_asked_or_not_as_the_policy_says"),
        ],
    ),
    (
        "R2",
        &[
            (CONTRACT, "S04 nobody decides an own document, and the own level drops out"),
            (CONTRACT, "R2 the president's own contract is the leading group's"),
            (ROUTES, "a_groups_limit_holds_on_a_line_that_begins_below_it"),
        ],
    ),
    (
        "R3",
        &[
            (CONTRACT, "S47 the merge floor adds the region"),
            (CONTRACT, "S47 below the floor one signature is enough"),
            (DEPUTIES, "R3 one person for all levels is below the floor"),
            (DEPUTIES, "R3 whoever signed below counts once, however far the route grows"),
            (ROUTES, "a_route_that_grows_still_has_as_many_signers_as_the_floor_asks_for"),
        ],
    ),
    (
        "R4",
        &[
            (DEPUTIES, "S48 a deputy of the level above signs once for both, up to what was delegated"),
            (DEPUTIES, "R4 the deputy stands in for each level above, and another person has signed below"),
            (DEPUTIES, "R4 who is a deputy twice, or of an own post, is asked once"),
            (LIVING, "S14 a deputy signs up to the end of the delegation, and not at its end"),
            (LIVING, "R4 over the delegation's limit a deputy's approval counts as a review"),
            (CONTRACT, "S47 over the acting limit the region decides"),
            (
                CASES,
                "R4: a deputy who is asked in an own post as well signs once, for both, and takes back both",
            ),
            (CASES, "R4: beyond what was delegated the deputy's approval is refused, and the holder decides"),
            (NAMED, "a_deputys_signature_for_the_levels_above_is_none_for_another_climb"),
        ],
    ),
    (
        "R5",
        &[
            ("workflows/yuanlan/cases/deputies.yaml", "S47 one signature for both posts"),
            ("engine/core/tests/reviewed.rs", "the_dotted_superior_reviews_and_the_line_decides"),
            (
                CASES,
                "R5: a dotted superior reviews below the line, and signs once where the line asks them too",
            ),
        ],
    ),
    (
        "R6",
        &[
            (
                "workflows/yuanlan/cases/bad-debt.yaml",
                "S08 bad debts are independent; whoever acts for the finance director signs once, and the president decides",
            ),
            (CASES, "R6: who has signed before gives no independent signature, the next superior does"),
            (CASES, "R6: who has given an independent signature signs nothing else; the line goes on above"),
            (ROUTES, "an_independent_level_that_is_left_out_is_told_with_the_next"),
        ],
    ),
    (
        "R7",
        &[
            (CONTRACT, "S06 a vacant branch manager's superior signs once for both"),
            (DEPUTIES, "R7 until somebody acts for a vacant post its deputy answers, as a deputy"),
            (DEPUTIES, "R7 half of an unlimited limit is nothing"),
            (ROUTES, "a_vacancy_ends_the_way_up_where_the_policy_does_not_pass_it"),
        ],
    ),
    (
        "R8",
        &[(
            CONTRACT,
            "S11 a limit that was cut meanwhile: the approval counts as a review and the route goes on",
        )],
    ),
    (
        "R9",
        &[
            (CONTRACT, "S09 the post's new holder takes over with at least four working hours"),
            (CONTRACT, "S10 an abolished post's superior decides"),
            (TIMERS, "a_case_that_a_sweep_has_not_reached_is_put_right_before_it_is_decided"),
            (TIMERS, "a_new_holder_has_the_time_that_is_left_if_it_is_enough"),
        ],
    ),
    (
        "R10",
        &[
            (CONTRACT, "S12 a submission past the immediate superior is refused and recorded for both"),
            (CONTRACT, "S12 market news may go direct"),
        ],
    ),
    (
        "R11",
        &[
            (CONTRACT, "S18 silence is overdue, then escalated, never an approval"),
            (TIMERS, "a_tasks_milestones_are_parts_of_the_time_that_it_has"),
            (TIMERS, "input_lapses_when_its_time_is_over_and_not_before"),
        ],
    ),
    (
        "R12",
        &[
            (CONTRACT, "S02 a returned contract that got cheaper starts at level one again"),
            (CONTRACT, "S03 the sixth return ends the case"),
        ],
    ),
    (
        "R13",
        &[(
            "workflows/yuanlan/cases/promo-plan.yaml",
            "S45 an approved plan is frozen; another revision goes the full route",
        )],
    ),
    (
        "R14",
        &[
            (CONTRACT, "D1 a margin under eight per cent brings the finance director beside, blind"),
            ("engine/server/tests/blind.rs", "blind_opinions_are_shown_to_nobody_before_they_are_open"),
        ],
    ),
    (
        "R15",
        &[
            (LIMITS, "what_was_weighed_before_is_added_and_nothing_else"),
            (LIMITS, "the_window_includes_its_edge"),
            (
                "workflows/yuanlan/cases/bad-debt.yaml",
                "S36 what was written off of one customer within a year adds up",
            ),
        ],
    ),
    (
        "R16",
        &[
            ("workflows/yuanlan/cases/promo-plan.yaml", "S20 two plans at once, one budget"),
            ("engine/core/tests/accounts.rs", "all_of_a_reservation_or_nothing"),
        ],
    ),
    (
        "R17",
        &[
            ("engine/core/tests/outward.rs", "s31_an_answer_counts_once_and_a_different_one_is_held"),
            ("engine/core/tests/outward.rs", "silence_is_mended_by_sending_again"),
        ],
    ),
    (
        "R18",
        &[
            ("engine/core/tests/outward.rs", "s32_a_late_answer_to_what_is_still_held_is_adopted"),
            ("engine/core/tests/outward.rs", "s32_a_late_answer_to_what_was_given_up_is_undone"),
        ],
    ),
    ("R19", &[(CONTRACT, "S41 two sessions decide the same task: one wins")]),
    ("R20", &[("engine/core/tests/golden_events.rs", "the_bytes_of_every_kind_are_frozen")]),
    (
        "R21",
        &[
            (LIMITS, "without_a_rate_nothing_is_decided_and_nothing_is_half_done"),
            (
                "workflows/yuanlan/cases/invoice-settlement.yaml",
                "S35 a receipt in dollars waits for the rate that finance posts",
            ),
        ],
    ),
    ("R22", &[(CONTRACT, "S13 what is within one's own limit is not handed up")]),
];

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn every_promise_has_tests_that_are_there() {
    assert_eq!((ACTIONS.len(), SITUATIONS.len(), RULES.len()), (21, 10, 22));
    let mut files: BTreeMap<&str, String> = BTreeMap::new();
    let mut missing = Vec::new();
    for (promise, proofs) in [ACTIONS, SITUATIONS, RULES].into_iter().flatten() {
        assert!(!proofs.is_empty(), "{promise}");
        for (file, name) in *proofs {
            let text = files.entry(file).or_insert_with(|| {
                std::fs::read_to_string(repository().join(file)).unwrap_or_else(|e| panic!("{file}: {e}"))
            });
            let there = match file.rsplit('.').next() {
                Some("case") => text.lines().any(|line| line.strip_prefix("scenario ") == Some(name)),
                Some("yaml") => text.lines().any(|line| {
                    line.trim().strip_prefix("- name: ").is_some_and(|line| line.trim_matches('"') == *name)
                }),
                _ => text.contains(&format!("fn {name}(")) || text.contains(&format!("\"{name}\"")),
            };
            if !there {
                missing.push(format!("{promise}: {file} has no {name:?}"));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
    let names: Vec<&str> = RULES.iter().map(|(rule, _)| *rule).collect();
    let all: Vec<String> = (1..=22).map(|number| format!("R{number}")).collect();
    assert_eq!(names, all);
}
