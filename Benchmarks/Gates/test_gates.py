"""The rules of the gates. Run by Scripts/gates before it builds anything."""

import copy
import json
import unittest

import gates

BASELINE = json.loads(gates.BASELINE.read_text())


class Rules(unittest.TestCase):
    def setUp(self):
        self.baseline = copy.deepcopy(BASELINE)
        # The rules, without what is allowed at present.
        self.baseline["allowed"] = []
        self.fetch = self.baseline["rows"]["fetch"]

    def holds(self, measured=None, **counts):
        limits = gates.Limits(self.baseline, measured or {})
        return all(self.fetch_count(counts, name) <= limits.of("fetch", name) for name in self.fetch)

    def fetch_count(self, counts, name):
        return counts.get(name.replace(" ", "_"), self.fetch[name])

    def test_baseline_is_of_the_commit_that_gates_compare_with(self):
        self.assertEqual(self.baseline["commit"], "03507d8")
        self.assertEqual((self.fetch["allocations"], self.fetch["system calls"]), (5.0, 3.0))

    def test_baseline_itself_holds(self):
        self.assertTrue(self.holds())

    def test_one_allocation_more_in_ten_operations_is_broken(self):
        self.assertFalse(self.holds(allocations=self.fetch["allocations"] + 0.1))

    def test_one_system_call_more_in_ten_operations_is_broken(self):
        self.assertFalse(self.holds(system_calls=self.fetch["system calls"] + 0.1))

    def test_two_percent_of_instructions_are_allowed_and_three_are_not(self):
        self.assertTrue(self.holds(instructions=self.fetch["instructions"] * 1.019))
        self.assertFalse(self.holds(instructions=self.fetch["instructions"] * 1.03))

    def test_updates_do_not_add_up(self):
        dearer = self.fetch | {"instructions": self.fetch["instructions"] * 1.015}
        self.assertFalse(self.holds({"fetch": dearer}, instructions=dearer["instructions"] * 1.015))

    def test_what_became_cheaper_stays_cheaper(self):
        cheaper = self.fetch | {"allocations": 4.0}
        self.assertFalse(self.holds({"fetch": cheaper}, allocations=5.0))

    def test_an_allowance_needs_its_own_entry(self):
        entry = {"row": "fetch", "count": "allocations", "value": 6.0, "reason": "a test"}
        self.baseline["allowed"].append(entry)
        self.assertTrue(self.holds(allocations=6.0))
        self.assertFalse(self.holds(allocations=7.0))

    def test_every_allowance_has_a_reason(self):
        self.assertTrue(all(each["reason"] for each in BASELINE["allowed"]))


if __name__ == "__main__":
    unittest.main()
