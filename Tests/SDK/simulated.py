"""How routerd is configured for the vendor simulator."""


def configuration(simulator, models, members, settings=""):
    """Each of `models` at a provider of its own name.

    `models`: by the name, the kind of its provider, where the simulator speaks its format, what the model is called
    there, and its prices. `members` are of every model, `settings` a line of the file.
    """
    providers = "".join(
        f"  - {{ slug: {name}, kind: {kind}, key: sk-simulated, allow_private_network: true, "
        f'base_url: "{simulator}/{path}" }}\n'
        for name, (kind, path, _, _) in models.items()
    )
    listed = "".join(
        f"  - {{ id: sim/{name}, {members}, endpoints: [{{ provider: {name}, model: {model} }}], pricing: {{ {prices} }} }}\n"
        for name, (_, _, model, prices) in models.items()
    )
    return f"http: {{ host: 127.0.0.1, port: 0 }}\ndiscover: false\n{settings}\nproviders:\n{providers}models:\n{listed}"
