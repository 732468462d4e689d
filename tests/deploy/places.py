"""Takes nothing; says where things are, and what the examples in them are called."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "docs/examples"
AWS = ROOT / "deploy/aws"
UNIT = ROOT / "deploy/systemd/vpc-mirror.service"

# The policy that the template in the repository is for.
EXAMPLE = "one-tag-one-sensor.yaml"
OWNER = "prod"

ACCOUNT = "111122223333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/vpc-mirror"
BREAK_GLASS = f"arn:aws:iam::{ACCOUNT}:role/break-glass"
AUDITOR = f"arn:aws:iam::{ACCOUNT}:role/security-audit"
STRANGER = f"arn:aws:iam::{ACCOUNT}:role/developer"
USER = f"arn:aws:iam::{ACCOUNT}:user/eve"
