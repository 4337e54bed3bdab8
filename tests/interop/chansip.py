"""An Asterisk whose SIP is chan_sip, as far end or as exchange: the last release that has it is Debian's bullseye's."""
from asterisk import MODULES, Asterisk


def general(port, **options):
    """The global part of sip.conf."""
    return _section('general', {'udpbindaddr': f'0.0.0.0:{port}', 'allowguest': 'no', 'disallow': 'all',
                                'allow': 'ulaw', 'directmedia': 'no', 'context': 'nowhere', **options})


def peer(name, host, port=5060, context='trunk', **options):
    """Somebody told by address and port, who is called there as well."""
    return _section(name, {'type': 'peer', 'host': host, 'port': port, 'context': context, 'insecure': 'invite',
                           'qualify': 'no', **options})


def _section(name, options):
    return f'[{name}]\n' + ''.join(f'{key}={value}\n' for key, value in options.items()) + '\n'


class ChanSip(Asterisk):
    CHANNEL = 'SIP'
    CONF = 'sip.conf'
    MODULES = ['chan_sip', *(module for module in MODULES if 'pjsip' not in module)]
    LOGGER = 'sip set debug on'
    RELOAD = 'sip reload'
    COUNT = 'CHANNEL(rtpqos,audio,{})'

    @staticmethod
    def trunk(name, number):
        return f'SIP/{name}/{number}'
