//! Rules that are right in themselves, and under which somebody could not sign, or should not.

use super::{Case, case, works};

const CHAIN: &str = "chains/contract-review.yaml";
const MEMBERS: &str = "members: [president, sales_director, marketing_director, finance_director]";

pub(crate) const CASES: &[Case] = &[
    case(
        "a group of vacant seats from a day on",
        "organisation.yaml",
        MEMBERS,
        "members: [president, bgm_ah, bgm_zj, finance_director]",
        "members: [president, bgm_ah, sales_director, finance_director]",
    ),
    case(
        "vacant posts that nobody may stand in for",
        "company.yaml",
        "vacancy: [acting, delegate, next-superior]",
        "vacancy: [acting, delegate]",
        "vacancy: [next-superior]",
    ),
    case(
        "a question to a post that not every unit has",
        CHAIN,
        "      - review: nka_head\n",
        "      - review: bgm@submitter\n",
        "      - review: superior(submitter)\n",
    ),
    case(
        "more conditions than are looked through",
        CHAIN,
        "when: doc.deliver_in < 15",
        "when: doc.deliver_in in [1, 2] or doc.deliver_in == 3 or doc.deliver_in == 4 or doc.deliver_in == 5 or doc.deliver_in == 6 or doc.deliver_in == 7 or doc.deliver_in == 8 or doc.deliver_in == 9 or doc.deliver_in == 10 or doc.deliver_in == 11 or doc.deliver_in == 12 or doc.deliver_in == 13 or doc.deliver_in == 14",
        "when: doc.deliver_in in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]",
    ),
    case(
        "a position with two duties that must be separate",
        "organisation.yaml",
        "units:\n",
        "duties: { selling: [bgm], control: [credit_controller, bgm_js] }\nseparate: [[selling, control]]\nunits:\n",
        "duties: { selling: [bgm], control: [credit_controller] }\nseparate: [[selling, control]]\nunits:\n",
    ),
    case(
        "a person with two duties that must be separate",
        "organisation.yaml",
        "units:\n",
        "duties: { channels: [ncd_head], regions: [region_head] }\nseparate: [[channels, regions]]\nunits:\n",
        "duties: { channels: [nka_head], regions: [region_head] }\nseparate: [[channels, regions]]\nunits:\n",
    ),
    case(
        "a line on which those decide who are controlled",
        "organisation.yaml",
        "units:\n",
        "duties: { moving: [logistics_head], selling: [sales_director] }\nseparate: [[moving, selling]]\nunits:\n",
        "duties: { moving: [logistics_head], selling: [bgm] }\nseparate: [[moving, selling]]\nunits:\n",
    ),
    case(
        "a delegation across duties",
        "organisation.yaml",
        "units:\n",
        "duties: { branches: [bgm], accounts: [kam] }\nseparate: [[branches, accounts]]\nunits:\n",
        "duties: { branches: [bgm_sd], accounts: [kam_sd] }\nseparate: [[branches, accounts]]\nunits:\n",
    ),
    case(
        "who writes the rules decides by them",
        "organisation.yaml",
        "units:\n",
        "duties: { rules: [process_owner, region_head] }\nseparate: [[rules, decisions]]\nunits:\n",
        "duties: { rules: [process_owner] }\nseparate: [[rules, decisions]]\nunits:\n",
    ),
    works(
        "what one holder hands in another holder of the same post decides",
        "chains/billing.yaml",
        "initiators: [store]",
        "initiators: [clerk]",
        "initiators: [store, planner]",
    ),
    case(
        "more levels than the company allows",
        "company.yaml",
        "  approved_content: frozen",
        "  signers: { up_to: 2000, at_most: 2, levels: 6 }",
        "  signers: { up_to: 2000, at_most: 2, levels: 7 }",
    ),
];
