"""Takes names and permissions; gives users, roles and policies in the form in which the simulator registers them. Never
registers any."""

ACCOUNT = "111122223333"
OTHER = "999999999999"


def policy(name: str, action: str, **statement: object) -> dict:
    """A policy of one statement: it allows this action on everything, unless more is said."""
    usual = {"Effect": "Allow", "Action": action, "Resource": "*"}
    return {name: {"Version": "2012-10-17", "Statement": usual | statement}}


def user(name: str, **wish: object) -> dict:
    """A user of the first account, unless another is named."""
    return {"principal": f"user/{name}"} | wish


def everything(name: str, **wish: object) -> dict:
    """A user who may everything, and whose key is called as he is."""
    return user(name, keys=[name], policies=policy("everything", "*"), **wish)


def role(name: str, trusts: str = ACCOUNT, condition: dict | None = None, **wish: object) -> dict:
    """A role that can be taken on by whomever the first account lets, unless it trusts others, on this condition."""
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": trusts}, "Condition": condition or {}}
    return {"principal": f"role/{name}", "trust": {"Version": "2012-10-17", "Statement": trust}} | wish
