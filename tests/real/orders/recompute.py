"""Recomputes the figures of a run from the file alone, by the rules that stand beside it. Knows nothing of the engine.

recompute.py FILE.csv.gz ROWS: `all` rows in the order of their dates, the first so many of them, or, with 1/39, those of
one customer in 39, of nobody as many, and all adjustments.

Grades, credit, terms and limits are those of workflows/wholesaler, written down here once more. How customers pay is not
in the file: when it is due, but for those whose number ends in 7, 8 or 9, who are late by as many days as LATE says.
"""

import csv
import gzip
import sys
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

ZERO = Decimal("0.00")
GRADES = [("20000", "A", 25000, 60), ("5000", "B", 6000, 30), ("1000", "C", 2000, 30), ("0", "D", 500, 14)]
LATE = {"7": 20, "8": 45, "9": 100}
OVERRUN = [(200, "sales_clerk"), (5000, "sales_manager"), (None, "owner")]
FAR_ABOVE = 20


def pounds(quantity, price):
    return (quantity * price).quantize(Decimal("0.01"), ROUND_HALF_UP)


def read(path, count):
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row["time"] = datetime.strptime(row["InvoiceDate"], "%m/%d/%Y %H:%M")
        row["day"] = row["time"].date()
    rows.sort(key=lambda row: row["time"])
    if count.startswith("1/"):
        of = int(count[2:])
        return [row for row in rows if row["InvoiceNo"][0] == "A" or number(row) % of == 0]
    return rows if count == "all" else rows[: int(count)]


def number(row):
    whose = row["InvoiceNo"] if row["CustomerID"] == "(blank)" else row["CustomerID"]
    return int("".join(letter for letter in whose if letter.isdigit()))


class Order:
    def __init__(self, row, total, due):
        self.day, self.customer, self.country = row["day"], row["CustomerID"], row["Country"]
        self.quantity, self.price, self.total = Decimal(row["Quantity"]), Decimal(row["UnitPrice"]), total
        self.due, self.unreturned, self.owed = due, self.quantity, total
        self.moves = []  # (day, `paid` or `credited`, amount)

    def pays_on(self):
        return self.due + timedelta(LATE.get(self.customer[-1], 0))

    def less(self, day, why, amount):
        self.owed -= amount
        self.moves.append((day, why, amount))


class Customer:
    def __init__(self):
        self.orders, self.paid, self.grade, self.credit, self.terms = [], ZERO, None, 500, 14
        self.month = None  # of the last grading, or of the first order

    def pay(self, until=None):
        for order in self.orders:
            if order.owed > 0 and (until is None or order.pays_on() <= until):
                self.paid += order.owed
                order.less(order.pays_on(), "paid", order.owed)

    def judge(self):
        _, self.grade, self.credit, self.terms = next(g for g in GRADES if self.paid >= Decimal(g[0]))


class Books:
    """What the rows come to."""

    def __init__(self, rows):
        self.customers, self.refused = defaultdict(Customer), Counter()
        self.orders, self.returns, self.write_offs, self.overruns = [], [], [], Counter()
        self.gradings, self.credited, self.refunded = 0, ZERO, ZERO
        seen = set()
        for row in rows:
            number = row["InvoiceNo"]
            if number in seen:
                self.refused["REPEATED"] += 1
                continue
            seen.add(number)
            code = self.take(row, number[0], Decimal(row["Quantity"]), Decimal(row["UnitPrice"]))
            if code:
                self.refused[code] += 1
        for customer in self.customers.values():
            customer.pay()

    def take(self, row, kind, quantity, price):
        """Takes a row. Gives the code where it is refused."""
        if kind == "A":
            self.write_offs.append((row["day"], pounds(quantity, price)))
            return None
        if row["CustomerID"] == "(blank)":
            return "NO_CUSTOMER"
        customer = self.customers[row["CustomerID"]]
        customer.pay(row["day"])
        if kind == "C":
            return self.take_back(row, customer, -quantity)
        month = (row["day"].year, row["day"].month)
        if customer.month not in (None, month):
            customer.judge()
            customer.month = month
            self.gradings += 1
        if quantity <= 0:
            return "NO_QUANTITY"
        if price <= 0:
            return "NO_PRICE"
        customer.month = customer.month or month
        total = pounds(quantity, price)
        excess = total - (customer.credit - sum(order.owed for order in customer.orders))
        if excess > FAR_ABOVE * customer.credit:
            return "FAR_ABOVE_CREDIT"
        if excess > 0:
            self.overruns[next(who for limit, who in OVERRUN if limit is None or excess <= limit)] += 1
        order = Order(row, total, row["day"] + timedelta(customer.terms))
        customer.orders.append(order)
        self.orders.append(order)
        return None

    def take_back(self, row, customer, quantity):
        order = next((order for order in reversed(customer.orders) if order.unreturned >= quantity), None)
        if order is None:
            return "NO_ORDER"
        order.unreturned -= quantity
        amount = pounds(quantity, order.price)
        self.returns.append((row["day"], order, quantity, amount))
        if order.owed > 0:
            order.less(row["day"], "credited", min(amount, order.owed))
            self.credited += amount
        else:
            self.refunded += amount
            customer.paid -= min(amount, customer.paid)
        return None


def main(path, count):
    books = Books(read(path, count))
    print(f"orders closed={len(books.orders)}")
    print(f"returns carried out={len(books.returns)}")
    print(f"write-offs={len(books.write_offs)}")
    print(f"gradings={books.gradings}")
    for code, refused in sorted(books.refused.items()):
        print(f"refused {code}={refused}")
    for who, decided in sorted(books.overruns.items()):
        print(f"above credit, {who}={decided}")
    grades = Counter(customer.grade for customer in books.customers.values() if customer.grade)
    for grade, customers in sorted(grades.items()):
        print(f"customers graded {grade}={customers}")
    paid = sum((amount for order in books.orders for _, why, amount in order.moves if why == "paid"), ZERO)
    print(f"invoiced={sum((order.total for order in books.orders), ZERO)}")
    print(f"red-letter invoices={sum((amount for *_, amount in books.returns), ZERO)}")
    print(f"of them credited={books.credited}")
    print(f"of them paid back={books.refunded}")
    print(f"settled={paid}")
    print(f"written off={sum((amount for _, amount in books.write_offs), ZERO)}")


if __name__ == "__main__":
    main(*sys.argv[1:3])
