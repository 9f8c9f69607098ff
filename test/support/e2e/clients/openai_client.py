"""Drives the OpenAI SDK for Python against port 4000, as an application would. Prints one JSON object: what came of each call.

Usage: openai_client.py BASE_URL CHAT_MODEL EMBEDDING_MODEL [RESPONSES_MODEL]; the key comes in the variable VIRTUAL_KEY.
"""

import json
import os
import sys
from typing import Any, Callable

import openai

MESSAGES: list[Any] = [{"role": "user", "content": "Is the line clear?"}]
TOOL: Any = {
    "type": "function",
    "function": {
        "name": "set_signal",
        "parameters": {"type": "object", "properties": {"text": {"type": "string"}}},
    },
}


def chat(client: openai.OpenAI, model: str) -> Any:
    raw = client.chat.completions.with_raw_response.create(model=model, messages=MESSAGES)
    answer = raw.parse()
    return {
        "text": answer.choices[0].message.content,
        "prompt_tokens": answer.usage.prompt_tokens if answer.usage else None,
        "route": raw.headers.get("x-signalbox-route"),
        "request_id": raw.headers.get("x-request-id"),
    }


def stream(client: openai.OpenAI, model: str) -> Any:
    chunks = list(client.chat.completions.create(model=model, messages=MESSAGES, stream=True))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    return {"text": text, "chunks_without_choices": sum(1 for chunk in chunks if not chunk.choices)}


def stream_with_usage(client: openai.OpenAI, model: str) -> Any:
    options: Any = {"include_usage": True}
    chunks = list(client.chat.completions.create(model=model, messages=MESSAGES, stream=True, stream_options=options))
    usages = [chunk.usage.prompt_tokens for chunk in chunks if chunk.usage]
    return {"prompt_tokens": usages}


def tools(client: openai.OpenAI, model: str) -> Any:
    answer = client.chat.completions.create(model=model, messages=MESSAGES, tools=[TOOL])
    call: Any = (answer.choices[0].message.tool_calls or [None])[0]
    return {"name": call.function.name, "arguments": json.loads(call.function.arguments)}


def json_mode(client: openai.OpenAI, model: str) -> Any:
    answer = client.chat.completions.create(model=model, messages=MESSAGES, response_format={"type": "json_object"})
    return json.loads(answer.choices[0].message.content or "")


def abort(client: openai.OpenAI, model: str) -> Any:
    events = client.chat.completions.create(model=model, messages=MESSAGES, stream=True)
    next(iter(events))
    events.close()
    return {"closed": True}


def error_of(call: Callable[[], Any]) -> Any:
    try:
        call()
    except openai.APIStatusError as error:
        return {"class": type(error).__name__, "status": error.status_code, "code": error.code}
    return {"class": None}


def main(base_url: str, chat_model: str, embedding_model: str, responses_model: str) -> None:
    key = os.environ["VIRTUAL_KEY"]
    client = openai.OpenAI(base_url=base_url, api_key=key, max_retries=0)
    stranger = openai.OpenAI(base_url=base_url, api_key=key[:-1] + ("a" if key[-1] != "a" else "b"), max_retries=0)
    embedding = client.embeddings.create(model=embedding_model, input="ab")
    result = {
        "chat": chat(client, chat_model),
        "stream": stream(client, chat_model),
        "stream_with_usage": stream_with_usage(client, chat_model),
        "tools": tools(client, chat_model),
        "json_mode": json_mode(client, chat_model),
        "abort": abort(client, chat_model),
        "embedding": embedding.data[0].embedding[0],
        "responses": client.responses.create(model=responses_model, input="hello").output_text,
        "models": [model.id for model in client.models.list()],
        "wrong_key": error_of(lambda: chat(stranger, chat_model)),
        "unknown_model": error_of(lambda: chat(client, "no-such-model")),
        "bad_field": error_of(lambda: client.chat.completions.create(model=chat_model, messages="hello")),  # type: ignore[arg-type]
    }
    print(json.dumps(result))


if __name__ == "__main__":
    base, chat_name, embedding_name, *rest = sys.argv[1:]
    main(base, chat_name, embedding_name, rest[0] if rest else chat_name)
