"""The official SDKs through routerd to every vendor family, each simulated in its own wire format."""

import json

import openai
import pytest

# By the kind of a provider: where the simulator speaks its format, and how its model is told to reason.
PATHS = {
    "openai": "openai/v1",
    "anthropic": "anthropic",
    "gemini": "gemini/v1beta",
    "mistral": "mistral/v1",
    "deepseek": "deepseek",
    "xai": "xai/v1",
    "openai_compatible": "openai/v1",
}
FAMILIES = list(PATHS)
REASONING = dict.fromkeys(FAMILIES, "{ efforts: [low, medium, high], default: none }") | {
    "anthropic": "{ adaptive: [low, medium, high] }",
    "gemini": "{ levels: [low, medium, high] }",
}
# What only some models have.
TRAITS = {"gemini": "thought_signatures: true"}
# They count their thoughts, and do not show them.
SILENT = {"sim/openai", "sim/openai_compatible"}
PIXEL = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather in a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
SCHEMA = {
    "type": "json_schema",
    "json_schema": {
        "name": "answer",
        "strict": True,
        "schema": {
            "type": "object",
            "properties": {"answer": {"type": "string"}},
            "required": ["answer"],
            "additionalProperties": False,
        },
    },
}


def configuration(simulator):
    providers = "".join(
        f"  - {{ slug: {kind}, kind: {kind}, key: sk-simulated, allow_private_network: true, "
        f'base_url: "{simulator}/{path}" }}\n'
        for kind, path in PATHS.items()
    )
    models = "".join(
        f"  - id: sim/{kind}\n    context_length: 100000\n    max_completion_tokens: 8000\n"
        f"    input_modalities: [text, image]\n    reasoning: {REASONING[kind]}\n"
        + (f"    {TRAITS[kind]}\n" if kind in TRAITS else "")
        + f"    endpoints: [{{ provider: {kind}, model: sim }}]\n"
        '    pricing: { prompt: "0.000001", completion: "0.000002" }\n'
        for kind in FAMILIES
    )
    return f"http: {{ host: 127.0.0.1, port: 0 }}\ndiscover: false\nproviders:\n{providers}models:\n{models}"


@pytest.fixture
def client(vendor_client):
    return vendor_client


@pytest.fixture(params=FAMILIES)
def model(request):
    return f"sim/{request.param}"


def ask(text="Hi"):
    return [{"role": "user", "content": text}]


def test_chat(client, model):
    reply = client.chat.completions.create(model=model, messages=ask())
    assert reply.choices[0].message.content == "Hello from the simulator."
    assert reply.choices[0].finish_reason == "stop"
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens) == (10, 7)
    assert reply.model == model


def test_stream(client, model):
    chunks = list(client.chat.completions.create(model=model, messages=ask(), stream=True))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == "Hello from the simulator."
    assert chunks[-1].usage.total_tokens == 17
    assert chunks[-1].choices[0].finish_reason == "stop"


@pytest.mark.parametrize("stream", [False, True])
def test_tools_two_rounds(client, model, stream):
    messages = ask("What is the weather in Paris?")
    if stream:
        with client.chat.completions.stream(model=model, messages=messages, tools=[WEATHER]) as events:
            for _ in events:
                pass
            first = events.get_final_completion()
    else:
        first = client.chat.completions.create(model=model, messages=messages, tools=[WEATHER])
    assert first.choices[0].finish_reason == "tool_calls"
    call = first.choices[0].message.tool_calls[0]
    assert call.function.name == "weather"
    assert json.loads(call.function.arguments) == {"city": "Paris"}
    messages.append(first.choices[0].message.model_dump(exclude_none=True, exclude={"parsed"}))
    messages.append({"role": "tool", "tool_call_id": call.id, "content": "18 degrees"})
    second = client.chat.completions.create(model=model, messages=messages, tools=[WEATHER])
    assert second.choices[0].message.content == "The tool said it."


def test_structured_output(client, model):
    reply = client.chat.completions.create(model=model, messages=ask("2 + 2?"), response_format=SCHEMA)
    assert json.loads(reply.choices[0].message.content) == {"answer": "four"}


def test_vision(client, model):
    content = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": PIXEL}}]
    messages = [{"role": "user", "content": content}]
    if model == "sim/deepseek":  # Its models read text only.
        with pytest.raises(openai.BadRequestError) as raised:
            client.chat.completions.create(model=model, messages=messages)
        assert raised.value.param == "messages[0].content[1].type"
        return
    reply = client.chat.completions.create(model=model, messages=messages)
    assert reply.choices[0].message.content == "I see an image."


def test_reasoning(client, model):
    reply = client.chat.completions.create(model=model, messages=ask(), reasoning_effort="low")
    assert reply.choices[0].message.content == "Hello from the simulator."
    if model in SILENT:
        assert reply.usage.completion_tokens_details.reasoning_tokens == 3
    else:
        assert reply.choices[0].message.model_extra["reasoning"] == "Let me think."
        chunks = client.chat.completions.create(model=model, messages=ask(), reasoning_effort="low", stream=True)
        deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
        assert "".join((delta.model_extra or {}).get("reasoning") or "" for delta in deltas) == "Let me think."


def test_a_thought_signature_survives_a_client_that_sends_it_back_and_one_that_does_not(client):
    messages = ask("What is the weather in Paris?")
    first = client.chat.completions.create(model="sim/gemini", messages=messages, tools=[WEATHER])
    call = first.choices[0].message.tool_calls[0]
    assert call.model_extra["extra_content"]["google"]["thought_signature"] == "c2ln"
    plain = {"id": call.id, "type": "function", "function": call.function.model_dump()}
    for sent in (call.model_dump(), plain):
        # The simulator refuses a call that has lost its signature, or has one that is not the vendor's.
        history = [*messages, {"role": "assistant", "tool_calls": [sent]}]
        history.append({"role": "tool", "tool_call_id": call.id, "content": "18 degrees"})
        second = client.chat.completions.create(model="sim/gemini", messages=history, tools=[WEATHER])
        assert second.choices[0].message.content == "The tool said it."


@pytest.mark.parametrize("fault", ["500", "503", "529", "refused", "reset-before", "garbage", "error-in-200", "wrong-type"])
def test_a_fault_of_the_only_vendor_is_an_error_that_the_sdk_knows(client, fault):
    with pytest.raises(openai.APIStatusError) as raised:
        client.chat.completions.create(model="sim/openai", messages=ask(f"fault:{fault}"), stream=True)
    assert raised.value.status_code in (502, 503)
    assert raised.value.body["code"] == raised.value.status_code


@pytest.mark.parametrize("fault", ["reset-after", "error-after"])
def test_a_break_after_content_is_an_error_inside_the_stream(client, fault):
    text = ""
    with pytest.raises(openai.APIError):
        for chunk in client.chat.completions.create(model="sim/openai", messages=ask(f"fault:{fault}"), stream=True):
            text += chunk.choices[0].delta.content or ""
    assert text == "Hello from"


def test_langchain(vendors):
    langchain = pytest.importorskip("langchain_openai")
    router, key = vendors
    chat = langchain.ChatOpenAI(model="sim/openai", base_url=router.base_url, api_key=key, max_retries=0)
    assert chat.invoke("Hi").content == "Hello from the simulator."
    assert "".join(chunk.content for chunk in chat.stream("Hi")) == "Hello from the simulator."
    call = chat.bind_tools([WEATHER]).invoke("Weather?").tool_calls[0]
    assert (call["name"], call["args"]) == ("weather", {"city": "Paris"})


def test_llama_index(vendors):
    llama_index = pytest.importorskip("llama_index.llms.openai_like")
    router, key = vendors
    llm = llama_index.OpenAILike(
        model="sim/openai", api_base=router.base_url, api_key=key, is_chat_model=True, max_retries=0
    )
    assert str(llm.complete("Hi")) == "Hello from the simulator."
    assert "".join(piece.delta for piece in llm.stream_complete("Hi")) == "Hello from the simulator."


def test_openrouter_sdk(vendors):
    openrouter = pytest.importorskip("openrouter")
    router, key = vendors
    with openrouter.OpenRouter(api_key=key, server_url=router.base_url) as client:
        reply = client.chat.send(model="sim/openai", messages=ask())
        assert reply.choices[0].message.content == "Hello from the simulator."
        with client.chat.send(model="sim/openai", messages=ask(), stream=True) as stream:
            text = "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
        assert text == "Hello from the simulator."
