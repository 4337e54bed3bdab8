"""pjsip.conf sections for the ways in which exchanges are connected.

Each function returns text. Keyword arguments that are not named in a signature become options of
the endpoint; rel100 stands for 100rel.
"""

QUIET = {'disallow': 'all', 'allow': 'ulaw', 'rtp_timeout': 0, 'ice_support': 'no'}

# Else a registration starts some time within ten seconds.
AT_ONCE = {'max_random_initial_delay': 0}


def section(name, kind, options):
    lines = [f'[{name}]', f'type={kind}']
    for key, value in options.items():
        if value is None:
            continue
        text = ('yes' if value else 'no') if isinstance(value, bool) else value
        lines.append(f'{"100rel" if key == "rel100" else key}={text}')
    return '\n'.join(lines) + '\n\n'


def basis(port, mikopbx=False, transport=None, **options):
    """Global part and transport. `mikopbx`: the order of identification that MikoPBX sets.

    transport: options of the transport.
    """
    if mikopbx:
        options = {'disable_multi_domain': True, 'endpoint_identifier_order': 'username,ip,anonymous',
                   'user_agent': 'PBX', **options}
    return (section('global', 'global', options)
            + section('transport-udp', 'transport', {
                'protocol': 'udp', 'bind': f'0.0.0.0:{port}', **(transport or {})}))


def _auth(name, login):
    return section(name, 'auth', {'auth_type': 'userpass', 'username': login[0], 'password': login[1]})


def provider(name, host, proxy=None, port=5060, match=(), login=None, register=False, qualify=0,
             **options):
    """A provider as MikoPBX writes it: outbound registration if asked, else by IP address.

    proxy: its field "outbound proxy", ip:port. login: (user, password) used toward the far end.
    """
    route = f'sip:{proxy}\\;lr' if proxy else None
    user = f'{login[0]}@' if login else ''
    text = ''
    if login:
        text += _auth(f'{name}-OUT', login)
    if register:
        text += section(f'REG-{name}', 'registration', {
            'transport': 'transport-udp', 'server_uri': f'sip:{host}:{port}',
            'client_uri': f'sip:{user}{host}:{port}', 'contact_user': login[0], 'expiration': 120, **AT_ONCE,
            'retry_interval': 45, 'max_retries': 200, 'forbidden_retry_interval': 300,
            'fatal_retry_interval': 300, 'outbound_auth': f'{name}-OUT', 'outbound_proxy': route})
    text += section(name, 'aor', {
        'max_contacts': 1, 'contact': f'sip:{user}{host}:{port}', 'qualify_frequency': qualify,
        'qualify_timeout': '3.0', 'outbound_proxy': route})
    matches = [*match, host] + ([proxy.split(':')[0]] if proxy else [])
    text += section(name, 'identify', {'endpoint': name, 'match': ','.join(matches)})
    text += section(name, 'endpoint', {
        **QUIET, 'context': 'trunk', 'dtmf_mode': 'rfc4733',
        'from_user': login[0] if login else None, 'from_domain': host, 'aors': name,
        'outbound_proxy': route, 'outbound_auth': f'{name}-OUT' if login else None,
        'rel100': False, 'timers': False, 'rtp_symmetric': True, 'force_rport': True,
        'rewrite_contact': True, 'direct_media': False, 'transport': 'transport-udp', **options})
    return text


def trunk(name, host, port=5060, proxy=None, match=(), login=None, register=False, line=False,
          contact=None, qualify=0, **options):
    """A trunk of a plain Asterisk. `line`: its registration carries line=, as many guides say.

    contact: the user it registers.
    """
    route = f'sip:{proxy}\\;lr' if proxy else None
    text = ''
    if login:
        text += _auth(f'{name}-out', login)
    if register:
        text += section(f'{name}-reg', 'registration', {
            'transport': 'transport-udp', 'server_uri': f'sip:{host}:{port}',
            'client_uri': f'sip:{login[0]}@{host}:{port}', 'contact_user': contact or login[0], 'expiration': 120, **AT_ONCE,
            'outbound_auth': f'{name}-out', 'outbound_proxy': route,
            'line': True if line else None, 'endpoint': name if line else None})
    text += section(name, 'aor', {
        'contact': f'sip:{host}:{port}', 'qualify_frequency': qualify, 'outbound_proxy': route})
    if not line:
        matches = [*match, host] + ([proxy] if proxy else [])
        text += section(name, 'identify', {'endpoint': name, 'match': ','.join(matches)})
    text += section(name, 'endpoint', {
        **QUIET, 'context': 'trunk', 'aors': name, 'outbound_proxy': route,
        'from_user': login[0] if login else None, 'outbound_auth': f'{name}-out' if login else None,
        'direct_media': False, 'transport': 'transport-udp', **options})
    return text


def line(name, number, host, domain, proxy, password=None, aor=None, **options):
    """A line of the public network: registered by its number at a domain. Without a password none is known.

    host: stands in the Request-URI of calls. proxy: ip:port. aor: options of the AOR.
    """
    route = f'sip:{proxy}\\;lr'
    text = _auth(f'{name}-out', (number, password)) if password else ''
    text += section(f'{name}-reg', 'registration', {
        'transport': 'transport-udp', 'server_uri': f'sip:{domain}', 'client_uri': f'sip:{number}@{domain}',
        'contact_user': number, 'expiration': 3600, **AT_ONCE,
        'outbound_auth': f'{name}-out' if password else None, 'outbound_proxy': route})
    text += section(name, 'aor', {'contact': f'sip:{host}', 'outbound_proxy': route, **(aor or {})})
    text += section(name, 'identify', {'endpoint': name, 'match': proxy.split(':')[0]})
    text += section(name, 'endpoint', {
        **QUIET, 'context': 'trunk', 'aors': name, 'outbound_proxy': route, 'from_user': number, 'from_domain': domain,
        'outbound_auth': f'{name}-out' if password else None, 'direct_media': False, 'transport': 'transport-udp',
        **options})
    return text


def account(name, password, contacts=1024, **options):
    """The one inbound account an exchange publishes: others register and authenticate with it."""
    return (_auth(f'{name}-in', (name, password))
            + section(name, 'aor', {'max_contacts': contacts})
            + section(name, 'endpoint', {
                **QUIET, 'context': 'trunk', 'aors': name, 'auth': f'{name}-in',
                'direct_media': False, 'transport': 'transport-udp', **options}))


def phone(name, address, **options):
    """A telephone on the exchange's own side, told by its address; address is ip:port."""
    return (section(name, 'aor', {'contact': f'sip:{name}@{address}', 'qualify_frequency': 0})
            + section(name, 'identify', {'endpoint': name, 'match': address})
            + section(name, 'endpoint', {
                **QUIET, 'context': 'phones', 'aors': name, 'direct_media': False,
                'transport': 'transport-udp', **options}))
