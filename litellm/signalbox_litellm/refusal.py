"""How a call ends here. LiteLLM 1.103.1 brings status and type of any exception that has these attributes to the client;
on /v1/messages the type is lost and only the message is left, so the message begins with it. No provider can write
such a message: LiteLLM puts `litellm.` and the name of the exception before theirs. (Run: litellm/README.md.)
"""

from __future__ import annotations

CREDENTIAL_UNUSABLE = "signalbox_credential_unusable"
CREDENTIAL_UNAVAILABLE = "signalbox_credential_unavailable"
DEPLOYMENT_UNAVAILABLE = "signalbox_deployment_unavailable"

STATUS = {CREDENTIAL_UNUSABLE: 403, CREDENTIAL_UNAVAILABLE: 503, DEPLOYMENT_UNAVAILABLE: 503}


class CallRefused(Exception):
    def __init__(self, type_: str, message: str) -> None:
        self.type = type_
        self.status_code = STATUS[type_]
        self.message = f"{type_}: {message}"
        self.param = None
        super().__init__(self.message)


def credential_unusable(message: str) -> CallRefused:
    """The broker's word, or a mistake in what was asked: another try changes nothing."""
    return CallRefused(CREDENTIAL_UNUSABLE, message)


def credential_unavailable(message: str) -> CallRefused:
    """Nobody could say anything about the credential."""
    return CallRefused(CREDENTIAL_UNAVAILABLE, message)


def deployment_unavailable(message: str) -> CallRefused:
    return CallRefused(DEPLOYMENT_UNAVAILABLE, message)
