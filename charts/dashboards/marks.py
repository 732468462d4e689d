"""Takes nothing; gives the marks that more than one dashboard has over its time. Never a panel."""

from panels import CALM, Annotation

ANOTHER_POLICY = Annotation(
    "Policy",
    'max by (job) (vpc_mirror_policy_followed_timestamp_seconds{job=~"$job"}) * 1000',
    CALM,
    "Another policy",
    "{{job}} follows it from here",
    moment=True,
)
