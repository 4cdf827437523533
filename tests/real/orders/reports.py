"""Computes with pandas what `countersign report` says of a run, from the file of rows alone, and compares to the penny.

reports.py FILE.csv.gz ROWS FOLDER: the folder has the reports as CSV, named NAME or NAME_FROM_TO. Says what it compared;
fails where something differs.
"""

import sys
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pandas
from recompute import Books, read

AGES = [30, 60, 90]
IN_THE_LOG = {"FAR_ABOVE_CREDIT"}
MONTHS, LOW, HIGH = 3, Decimal("0.5"), Decimal(2)


def pence(amount):
    return int(amount * 100)


def share(part, of):
    """A share with two digits, as the report writes it: `83.33%`."""
    if of == 0:
        return ""
    share = (Decimal(int(part)) / Decimal(int(of)) * 100).quantize(Decimal("0.01"), ROUND_HALF_UP)
    # Decimal knows a zero below zero; a report does not.
    return f"{abs(share) if share.is_zero() else share}%"


def model(price):
    return "small things" if price < 5 else "large things"


def sales_of(books):
    rows = [
        (order.day, order.country, order.customer, model(order.price), int(order.quantity), pence(order.total), True)
        for order in books.orders
    ]
    rows += [
        (day, "returns", order.customer, model(order.price), -int(quantity), -pence(amount), False)
        for day, order, quantity, amount in books.returns
    ]
    frame = pandas.DataFrame(
        rows, columns=["day", "department", "customer", "model", "units", "pence", "purchase"]
    )
    frame["month"] = frame["day"].map(lambda day: f"{day:%Y-%m}")
    return frame


def moves_of(books):
    rows = []
    for number, order in enumerate(books.orders):
        manager = "home sales" if order.country == "United Kingdom" else "foreign sales"
        base = (number, order.customer, manager, order.day, order.due)
        rows.append((*base, order.day, "owed", pence(order.total)))
        # What is paid before the document's own day belongs to that day; here nothing is.
        rows += [(*base, day, why, -pence(amount)) for day, why, amount in order.moves]
    return pandas.DataFrame(
        rows, columns=["order", "customer", "manager", "taken", "due", "day", "why", "pence"]
    )


def daily_sales(sales, moves, first, last):
    sales = sales[(sales["day"] >= first) & (sales["day"] <= last)]
    frame = sales.groupby(["day", "department", "model"], as_index=False)[["units", "pence"]].sum()
    frame = frame.sort_values(["day", "department", "model"])
    groups = frame.groupby(["department", "model"])
    frame["units_so_far"], frame["pence_so_far"] = groups["units"].cumsum(), groups["pence"].cumsum()
    whole = sales.groupby("day")["pence"].sum().cumsum()
    frame["share"] = [share(part, whole[day]) for part, day in zip(frame["pence_so_far"], frame["day"])]
    return [
        (str(r.day), r.department, r.model, "GBP", r.units, r.pence, r.units_so_far, r.pence_so_far, r.share)
        for r in frame.itertuples()
    ]


def months_of(first, last):
    return [str(month) for month in pandas.period_range(f"{first:%Y-%m}", f"{last:%Y-%m}", freq="M")]


def monthly_customers(sales, moves, first, last):
    sales = sales[sales["day"] <= last]
    months = months_of(min(sales["day"]), last)
    counts = sales[sales["purchase"]].pivot_table(
        index="customer", columns="month", values="pence", aggfunc="count", fill_value=0
    )
    counts = counts.reindex(columns=months, fill_value=0).astype(int)
    before = counts.T.shift(1, fill_value=0).rolling(MONTHS, min_periods=1).sum().T.astype(int)
    sums = sales.groupby(["month", "customer"])[["units", "pence"]].sum()
    rows = []
    for month in months_of(first, last):
        end = pandas.Period(month).end_time.date()
        for customer in sorted(counts.index):
            bought, earlier = counts.at[customer, month], before.at[customer, month]
            there = (month, customer) in sums.index
            if bought == 0 and earlier == 0 and not there:
                continue
            began = months.index(counts.columns[counts.loc[customer] > 0][0])
            mean = Decimal(int(earlier)) / MONTHS
            known = earlier > 0 and began <= months.index(month) - MONTHS
            alarm = ""
            if known and end <= last and bought < mean * LOW:
                alarm = "low"
            elif known and bought > mean * HIGH:
                alarm = "high"
            shown = (str(mean.quantize(Decimal("0.01"), ROUND_HALF_UP)) if known else "",)
            shown += (share(int(bought) * MONTHS, earlier) if known else "", alarm)
            amounts = ("GBP", *map(int, sums.loc[(month, customer)])) if there else ("", "", "")
            rows.append((month, customer, int(bought), *shown, *amounts))
    return rows


def balance(moves, day):
    """What is left of each order at the end of a day."""
    known = moves[(moves["taken"] <= day) & (moves["day"] <= day)]
    left = known.groupby(["order", "customer", "manager", "due"], as_index=False)["pence"].sum()
    return left[left["pence"] != 0]


def receivables(sales, moves, first, last):
    left = balance(moves, last)
    late = left["due"].map(lambda due: (last - due).days)
    left = left.assign(place=late.map(lambda days: 0 if days <= 0 else 1 + sum(days > age for age in AGES)))
    places = left.pivot_table(index="customer", columns="place", values="pence", aggfunc="sum", fill_value=0)
    places = places.reindex(columns=range(len(AGES) + 2), fill_value=0).astype(int).sort_index()
    return [(customer, "GBP", sum(row), *row) for customer, row in zip(places.index, places.values.tolist())]


def collection(sales, moves, first, last):
    before = balance(moves, date.fromordinal(first.toordinal() - 1)).groupby("manager")["pence"].sum()
    after = balance(moves, last).groupby("manager")["pence"].sum()
    within = moves[(moves["day"] >= first) & (moves["day"] <= last)]
    kinds = within.pivot_table(index="manager", columns="why", values="pence", aggfunc="sum", fill_value=0)
    rows = []
    for manager in sorted(set(before.index) | set(kinds.index)):
        kind = lambda why: int(kinds.at[manager, why]) if why in kinds and manager in kinds.index else 0
        opening, new, paid = int(before.get(manager, 0)), kind("owed"), -kind("paid")
        rate = share(paid, opening + new)
        rows.append(
            (manager, "GBP", opening, new, paid, 0, -kind("credited"), int(after.get(manager, 0)), rate)
        )
    return rows


def monthly_summary(sales, moves, first, last):
    rows = []
    for month in months_of(first, last):
        end = min(pandas.Period(month).end_time.date(), last)
        sold = sales[(sales["month"] == month) & (sales["day"] <= last)]
        sums = sold.groupby("customer")[["purchase", "units", "pence"]].sum()
        paid = moves[(moves["why"] == "paid") & (moves["day"] >= pandas.Period(month).start_time.date())]
        paid = -paid[paid["day"] <= end].groupby("customer")["pence"].sum()
        owed = balance(moves, end).groupby("customer")["pence"].sum()
        frame = sums.join(paid.rename("paid"), how="outer").join(owed.rename("owed"), how="outer").sort_index()
        units = ["" if pandas.isna(units) else int(units) for units in frame["units"]]
        frame = frame.fillna(0).astype("int64")
        columns = [frame[name].tolist() for name in ["pence", "paid", "owed"]]
        lines = zip(frame.index, frame["purchase"], units, *columns)
        rows += [(month, who, int(n), "GBP", units, *amounts) for who, n, units, *amounts in lines]
        if len(frame):
            total = frame.sum()
            amounts = (int(total[name]) for name in ["units", "pence", "paid", "owed"])
            rows.append((month, "", int(total["purchase"]), "GBP", *amounts))
    return rows


REPORTS = {
    "daily-sales": (daily_sales, ["amount", "amount_so_far"], ["units", "units_so_far"]),
    "monthly-customers": (monthly_customers, ["amount"], ["purchases", "units"]),
    "monthly-summary": (monthly_summary, ["sales", "collected", "owed"], ["purchases", "units"]),
    "receivables": (
        receivables,
        ["owed", "not_due", "days_1_30", "days_31_60", "days_61_90", "over_90"],
        [],
    ),
    "collection": (
        collection,
        ["opening", "invoiced", "collected", "written_off", "otherwise", "closing"],
        [],
    ),
}


def said(path, money, counts):
    """A report as it was printed, amounts in pence."""
    frame = pandas.read_csv(path, dtype=str, keep_default_na=False)
    for name in money:
        frame[name] = [pence(Decimal(text)) if text else "" for text in frame[name]]
    for name in counts:
        frame[name] = [int(Decimal(text)) if text else "" for text in frame[name]]
    return list(frame.itertuples(index=False, name=None))


def compare(name, found, expected):
    found, expected = list(map(tuple, found)), list(map(tuple, expected))
    print(f"{name}: {len(found)} rows")
    if found != expected:
        pairs = [pair for pair in zip(found, expected) if pair[0] != pair[1]][:5]
        sys.exit(f"{name} differs: {len(found)} rows and {len(expected)} of pandas\n" + "\n".join(map(str, pairs)))


def main(path, count, folder):
    books = Books(read(path, count))
    sales, moves = sales_of(books), moves_of(books)
    for file in sorted(Path(folder).glob("*.csv")):
        name, *days = file.stem.split("_")
        if name in REPORTS:
            make, money, counts = REPORTS[name]
            period = [date.fromisoformat(day) for day in days]
            compare(file.stem, said(file, money, counts), make(sales, moves, *period))
    refusals = pandas.read_csv(Path(folder) / "refusals.csv", dtype={"count": int}, keep_default_na=False)
    refused = refusals.groupby("reason")["count"].sum().sort_index()
    # What is refused before it is a case leaves no event.
    expected = {code: count for code, count in sorted(books.refused.items()) if code in IN_THE_LOG}
    compare("refusals", refused.items(), expected.items())
    lost = pandas.read_csv(Path(folder) / "write-offs.csv", dtype=str)
    compare(
        "write-offs",
        sorted(zip(lost["date"], [pence(Decimal(text.split()[-1])) for text in lost["amount"]])),
        sorted((str(day), pence(amount)) for day, amount in books.write_offs),
    )


if __name__ == "__main__":
    main(*sys.argv[1:4])
