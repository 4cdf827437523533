"""Reads an exported log back with PM4Py and prints what it holds, one JSON object."""

import json
import sys

import pandas
import pm4py


def of_frame(frame):
    times = pandas.to_datetime(frame["time:timestamp"], utc=True)
    return {
        "cases": int(frame["case:concept:name"].nunique()),
        "events": len(frame),
        "activities": sorted(frame["concept:name"].unique().tolist()),
        "by_activity": {name: int(n) for name, n in frame["concept:name"].value_counts().items()},
        "first": times.min().isoformat(),
        "last": times.max().isoformat(),
    }


def main(xes, ocel, csv):
    from_xes = pm4py.convert_to_dataframe(pm4py.read_xes(xes))
    from_csv = pm4py.format_dataframe(
        pandas.read_csv(csv), case_id="case:concept:name", activity_key="concept:name", timestamp_key="time:timestamp"
    )
    log = pm4py.read_ocel2_json(ocel)
    # A model can be made of it: PM4Py understands the order of events too.
    graph, begins, ends = pm4py.discover_dfg(from_xes)
    types = log.objects["ocel:type"].value_counts()
    print(
        json.dumps(
            {
                "xes": of_frame(from_xes),
                "csv": of_frame(from_csv),
                "ocel": {
                    "events": len(log.events),
                    "activities": sorted(log.events["ocel:activity"].unique().tolist()),
                    "objects": {name: int(n) for name, n in types.items()},
                    "relations": len(log.relations),
                    "parents": len(log.o2o),
                },
                "dfg": {"begins": sum(begins.values()), "ends": sum(ends.values()), "arrows": sum(graph.values())},
            }
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:4])
