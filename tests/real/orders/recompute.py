"""Recomputes the figures of a run from the file alone, by the rules that stand beside it. Knows nothing of the engine.

recompute.py FILE.csv.gz ROWS: the first ROWS rows in the order of their dates, or `all`.
"""

import csv
import gzip
import sys
from collections import Counter, defaultdict
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

with gzip.open(sys.argv[1], "rt", encoding="utf-8", newline="") as file:
    rows = sorted(csv.DictReader(file), key=lambda row: datetime.strptime(row["InvoiceDate"], "%m/%d/%Y %H:%M"))
rows = rows if sys.argv[2] == "all" else rows[: int(sys.argv[2])]


def pounds(quantity, price):
    return (quantity * price).quantize(Decimal("0.01"), ROUND_HALF_UP)


seen, sold = set(), defaultdict(list)  # sold: each customer's orders as [not returned yet, price]
orders = returns = 0
invoiced = returned = Decimal("0.00")
refused = Counter()
for row in rows:
    number, customer = row["InvoiceNo"], row["CustomerID"]
    quantity, price = Decimal(row["Quantity"]), Decimal(row["UnitPrice"])
    if number in seen:
        refused["REPEATED"] += 1
        continue
    seen.add(number)
    if number.startswith("A"):
        refused["ADJUSTMENT"] += 1
    elif customer == "(blank)":
        refused["NO_CUSTOMER"] += 1
    elif number.startswith("C"):
        order = next((order for order in reversed(sold[customer]) if order[0] >= -quantity), None)
        if order is None:
            refused["NO_ORDER"] += 1
        else:
            order[0] += quantity
            returns, returned = returns + 1, returned + pounds(-quantity, order[1])
    elif quantity <= 0:
        refused["NO_QUANTITY"] += 1
    elif price <= 0:
        refused["NO_PRICE"] += 1
    else:
        sold[customer].append([quantity, price])
        orders, invoiced = orders + 1, invoiced + pounds(quantity, price)

print(f"orders closed={orders}")
print(f"returns carried out={returns}")
for code, count in sorted(refused.items()):
    print(f"refused {code}={count}")
print(f"invoiced={invoiced}")
print(f"returned={returned}")
print(f"settled={invoiced}")  # every customer pays in full; what comes back is paid back apart
