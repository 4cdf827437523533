//! The demo company: the files of `workflows/yuanlan`, carried in the program. Its case files stay behind: they are
//! tests of its rules, not rules.

use crate::embedded::File;

macro_rules! files {
    ($($path:literal),+ $(,)?) => {
        &[$(($path, include_str!(concat!("../../../../workflows/yuanlan/", $path)))),+]
    };
}

/// Every file of the company.
pub(super) const FILES: &[File] = files![
    "accounts.yaml",
    "adapters.yaml",
    "authority.yaml",
    "chains/appeal.yaml",
    "chains/assignment.yaml",
    "chains/bad-debt.yaml",
    "chains/budget-supplement.yaml",
    "chains/change-cancel-return.yaml",
    "chains/contract-review.yaml",
    "chains/corrective-plan.yaml",
    "chains/customer-credit.yaml",
    "chains/customer-file.yaml",
    "chains/customer-grade-limit.yaml",
    "chains/customer-overdue.yaml",
    "chains/data-access.yaml",
    "chains/delegation-grant.yaml",
    "chains/delivery.yaml",
    "chains/exchange-rate.yaml",
    "chains/gift-costing.yaml",
    "chains/green-light.yaml",
    "chains/import-purchase.yaml",
    "chains/invoice-settlement.yaml",
    "chains/logistics-dispatch.yaml",
    "chains/market-intel.yaml",
    "chains/office-purchase.yaml",
    "chains/order-evaluation.yaml",
    "chains/order-to-cash.yaml",
    "chains/penalty.yaml",
    "chains/production-order.yaml",
    "chains/promo-claim.yaml",
    "chains/promo-plan.yaml",
    "chains/quota-charge.yaml",
    "chains/reinstatement.yaml",
    "chains/special-price.yaml",
    "company.yaml",
    "documents/appeal.yaml",
    "documents/assignment.yaml",
    "documents/bad-debt.yaml",
    "documents/billing.yaml",
    "documents/budget-supplement.yaml",
    "documents/contract.yaml",
    "documents/corrective-plan.yaml",
    "documents/customer-credit.yaml",
    "documents/customer-file.yaml",
    "documents/data-access.yaml",
    "documents/delegation.yaml",
    "documents/delivery.yaml",
    "documents/dispatch.yaml",
    "documents/evaluation.yaml",
    "documents/exchange-rate.yaml",
    "documents/gift.yaml",
    "documents/grading.yaml",
    "documents/green-light.yaml",
    "documents/import-purchase.yaml",
    "documents/market-intel.yaml",
    "documents/office-purchase.yaml",
    "documents/order-change.yaml",
    "documents/order.yaml",
    "documents/overdue.yaml",
    "documents/penalty.yaml",
    "documents/production-request.yaml",
    "documents/promo-claim.yaml",
    "documents/promo-plan.yaml",
    "documents/quota-charge.yaml",
    "documents/reinstatement.yaml",
    "documents/special-request.yaml",
    "organisation.yaml",
    "reports.yaml",
    "responsibility.yaml",
    "systems.yaml",
    "tables/branch_pools.yaml",
    "tables/budget_corrections.yaml",
    "tables/budget_supplements.yaml",
    "tables/budgets.yaml",
    "tables/campaigns.yaml",
    "tables/carrier_claims.yaml",
    "tables/customers.yaml",
    "tables/first_order_min.yaml",
    "tables/gift_costs.yaml",
    "tables/grade_by_score.yaml",
    "tables/grades.yaml",
    "tables/products.yaml",
    "tables/rates.yaml",
    "tables/returned.yaml",
    "tables/score_weights.yaml",
    "tables/small_differences.yaml",
    "tables/violations.yaml",
    "tables/written_off.yaml",
];

#[cfg(test)]
mod tests {
    use std::path::Path;

    use countersign_chain::load_dir;

    use super::FILES;

    #[test]
    fn the_program_carries_every_file_of_the_demo_company() {
        let files = load_dir(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../workflows/yuanlan")).unwrap();
        let rules = files.iter().filter(|file| !file.path.starts_with("cases/"));
        let on_disk: Vec<_> = rules.map(|file| (file.path.as_str(), file.text.as_str())).collect();
        assert_eq!(on_disk, FILES);
    }
}
