from collections import Counter


def test_every_audit_of_graphql_over_http_passes(audits: list[dict[str, str]]):
    failed = [f"{audit['id']} {audit['name']}: {audit.get('reason')}" for audit in audits if audit["status"] != "ok"]

    assert failed == []


def test_all_audits_were_run(audits: list[dict[str, str]]):
    assert Counter(audit["name"].split()[0] for audit in audits) == {"MUST": 13, "SHOULD": 23, "MAY": 25}
