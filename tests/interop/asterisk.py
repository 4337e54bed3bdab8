"""A real Asterisk in a site's namespace, on a shared root with a folder of its own.

What a number does when it is dialled from a trunk stands in its first three digits (DIALPLAN);
what follows tells one call from another.
"""
import glob
import os
import re
import time

from ami import Ami
from net import LabError
from roots import HOSTNAME

MODULES = '''
    res_timing_timerfd res_pjproject res_sorcery_config res_sorcery_memory res_sorcery_astdb
    res_pjsip res_pjsip_session res_pjsip_pubsub chan_pjsip res_rtp_asterisk res_pjsip_sdp_rtp res_pjsip_nat
    res_pjsip_caller_id res_pjsip_rfc3326 res_pjsip_dtmf_info res_pjsip_logger res_pjsip_path res_pjsip_acl
    res_pjsip_endpoint_identifier_ip res_pjsip_endpoint_identifier_user res_pjsip_endpoint_identifier_anonymous
    res_pjsip_authenticator_digest res_pjsip_outbound_authenticator_digest
    res_pjsip_outbound_registration res_pjsip_registrar
    codec_ulaw format_pcm format_sln pbx_config func_channel func_callerid func_cut func_groupcount func_uri func_periodic_hook
    bridge_simple bridge_native_rtp bridge_builtin_features
    app_dial app_playtones app_mixmonitor app_chanspy app_senddtmf app_verbose'''.split()

DIALPLAN = '''
[globals]
TONE={tone}

[talk]
exten => s,1,Playtones(${{TONE}})
 same => n,Wait(3600)
 same => n,Hangup()

[trunk]
; 100 answers and plays the tone of this exchange
exten => _100.,1,Answer()
 same => n,Goto(talk,s,1)
; 200 plays it before it answers, for as long as nobody makes it answer
exten => _200.,1,Progress()
 same => n,Goto(talk,s,1)
; 300 rings for ever
exten => _300.,1,Ringing()
 same => n,Wait(3600)
; 400 is busy
exten => _400.,1,Hangup(17)
; 500 rings the telephone of this exchange
exten => _500.,1,Dial({channel}/phone)
; 600 goes on to C, 610 to A, to the number that follows
exten => _600.,1,Dial(PJSIP/${{EXTEN:3}}@c)
exten => _610.,1,Dial(PJSIP/${{EXTEN:3}}@a)
; 0... is a number of the public network, a single digit a telephone of a gateway: ring until somebody
; makes them answer
exten => _0X.,1,Ringing()
 same => n,Wait(3600)
exten => _X,1,Ringing()
 same => n,Wait(3600)

[answered]
exten => s,1,Answer()
 same => n,Goto(talk,s,1)

[refer]
; sends whoever is there to that number, at the host in TARGET
exten => _X.,1,Transfer(PJSIP/sip:${{EXTEN}}@${{TARGET}})
 same => n,Hangup()

[phones]
; what a telephone dials goes out by the trunk it names: trunk*number
exten => _[a-z]!,1,Dial(PJSIP/${{CUT(EXTEN,*,2)}}@${{CUT(EXTEN,*,1)}})
'''

FILES = {
    'asterisk.conf': '''
[directories]
astetcdir => /mnt/etc
astvarlibdir => /mnt/lib
astdbdir => /mnt/lib
astkeydir => /mnt/lib
astspooldir => /mnt/spool
astrundir => /mnt/run
astlogdir => /mnt/log
astdatadir => /usr/share/asterisk
astmoddir => {moddir}
[options]
verbose = 3
; all sites have one hardware address, by which exchanges would take each other's states for their own
entityid = 02:00:00:00:00:{entity:02x}
''',
    'logger.conf': '''
[general]
dateformat = %T.%3q
[logfiles]
full => notice,warning,error,verbose
''',
    'manager.conf': '''
[general]
enabled = yes
timestampevents = yes
bindaddr = 127.0.0.1
port = {manager}
[lab]
secret = lab
read = all
write = all
''',
    'cli.conf': '[startup_commands]\n{logger} = yes\n',
    'rtp.conf': '[general]\nrtpstart={rtp[0]}\nrtpend={rtp[1]}\n',
    'extensions.conf': DIALPLAN,
}
# Without these files Asterisk only complains.
EMPTY = ('pjproject.conf features.conf cdr.conf cel.conf ccss.conf acl.conf udptl.conf stasis.conf '
         'indications.conf codecs.conf dsp.conf musiconhold.conf').split()


class Asterisk:
    """One exchange. Written, started and stopped by the Lab.

    trunks: the text of its file of trunks. manager: port of its manager interface on 127.0.0.1.
    modules: more than every exchange has. dialplan: more of it.
    """

    CHANNEL = 'PJSIP'
    CONF = 'pjsip.conf'
    MODULES = MODULES
    LOGGER = 'pjsip set logger on'
    RELOAD = 'module reload res_pjsip.so'
    COUNT = 'CHANNEL(rtcp,{})'

    def __init__(self, lab, name, site, root, trunks, tone, rtp=(10000, 10200), manager=5038, modules=(),
                 dialplan=''):
        self.lab = lab
        self.site = site
        self.name = name
        self.root = root
        self.tone = tone
        self.manager = manager
        self.sip_port = int(re.search(r'^(?:udp)?bind(?:addr)?=\S+:(\d+)', trunks, re.M)[1])
        self.folder = os.path.join(lab.folder, self.name)
        self.log = os.path.join(self.folder, 'log', 'full')
        self.console = os.path.join(self.folder, 'console')
        moddir = os.path.dirname(glob.glob(f'{root}/usr/lib/**/asterisk/modules/chan_pjsip.so', recursive=True)[0])
        values = {'tone': tone, 'rtp': rtp, 'moddir': moddir[len(root):], 'manager': manager, 'logger': self.LOGGER,
                  'channel': self.CHANNEL, 'entity': manager % 256}
        for folder in ('etc', 'lib', 'spool/monitor', 'run', 'log'):
            os.makedirs(os.path.join(self.folder, folder), exist_ok=True)
        for name, text in FILES.items():
            self._write(name, text.format(**values))
        self._write('extensions.conf', FILES['extensions.conf'].format(**values) + dialplan)
        for name in EMPTY:
            self._write(name, '')
        self._write('modules.conf', '[modules]\nautoload=no\n'
                    + ''.join(f'load={module}.so\n' for module in (*self.MODULES, *modules)))
        self._write(self.CONF, trunks)
        self.process = None
        self.ami = None

    def _write(self, name, text):
        with open(os.path.join(self.folder, 'etc', name), 'w', encoding='utf-8') as conf:
            conf.write(text)

    def start(self):
        """Start it; ready() waits until it takes calls."""
        script = (f'hostname {HOSTNAME} && mount --bind "$2" "$1/mnt" && '
                  'exec chroot "$1" asterisk -f -C /mnt/etc/asterisk.conf')
        with open(self.console, 'ab') as console:
            self.process = self.site.space.popen(
                ['unshare', '--mount', '--uts', 'sh', '-ec', script, 'sh', self.root, self.folder],
                stdin=-3, stdout=console, stderr=console)

    def ready(self, seconds=30):
        deadline = time.monotonic() + seconds
        while not self.ami:
            if self.process.poll() is not None:
                raise LabError(f'Asterisk {self.name} ended at once, see {self.console}')
            sock = self.site.space.socket()
            try:
                self.ami = Ami(sock, ('127.0.0.1', self.manager), self.lab.until)
            except ConnectionRefusedError:
                sock.close()
                if time.monotonic() > deadline:
                    raise LabError(f'Asterisk {self.name} has no manager after {seconds} s') from None
                self.lab.pump(0.02)
        self.lab.watch(self.ami)
        self.ami.action('Login', Username='lab', Secret='lab')
        self.ami.expect('FullyBooted', seconds)
        self._accepted()

    def stop(self):
        if self.ami:
            self.lab.unwatch(self.ami)
            self.ami.close()
            self.ami = None
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def configure(self, trunks):
        """New trunks, while it runs."""
        self._write(self.CONF, trunks)
        self.ami.command(self.RELOAD)
        self._accepted()

    def _accepted(self):
        """An object that Asterisk cannot make is an error of the case, not something to go on with."""
        wrong = [line for line in self.text().splitlines() if 'Could not create an object' in line]
        if wrong:
            raise LabError('\n'.join(wrong))

    def text(self):
        """Its log so far, with every SIP message."""
        with open(self.log, encoding='utf-8', errors='replace') as log:
            return log.read()

    # Calls

    def originate(self, trunk, number):
        """Ask it to call `number` by `trunk`; returns our Leg, which may not be answered for long."""
        return self.dial(self.trunk(trunk, number), number)

    @staticmethod
    def trunk(name, number):
        """The dial string for a number behind a trunk."""
        return f'PJSIP/{number}@{name}'

    def dial(self, channel, ident):
        """The same with any dial string; `ident` tells the call from others."""
        ident = f'{self.name}-{ident}'
        self.ami.send('Originate', Channel=channel, Context='talk', Exten='s', Priority=1, ChannelId=ident,
                      CallerID=f'"{self.name}" <{self.tone}>', Timeout=120000, Async='true')
        return Leg(self, ident)

    def incoming(self, number, seconds=10):
        """Wait for a call from a trunk to that number; returns its Leg."""
        event = self.ami.expect('Newchannel', seconds, Exten=number, Context='trunk')
        return Leg(self, event['Uniqueid'])

    def register(self, name):
        """Register now, and wait until that is in force."""
        since = len(self.ami.events)
        self.ami.action('PJSIPRegister', Registration=name)
        self.ami.expect('Registry', 10, since, Status='Registered')

    def channels(self):
        """Names of all channels there are."""
        listing = self.ami.command('core show channels concise')
        return [line.split('!')[0] for line in listing.splitlines() if '!' in line]


class Leg:
    """One channel of one exchange."""

    def __init__(self, exchange, ident):
        self.exchange = exchange
        self.ami = exchange.ami
        self.ident = ident
        self.recordings = 0

    def __str__(self):
        return f'{self.exchange.name}:{self.ident}'

    def expect(self, event, seconds=10, since=0, **headers):
        return self.ami.expect(event, seconds, since, Uniqueid=self.ident, **headers)

    @property
    def channel(self):
        return self.expect('Newchannel')['Channel']

    def answered(self, seconds=10):
        self.expect('Newstate', seconds, ChannelStateDesc='Up')

    def ended(self):
        """The Hangup event, or None while the channel lives."""
        return self.ami.find('Hangup', Uniqueid=self.ident)

    def hangup(self):
        self.ami.action('Hangup', Channel=self.channel, Cause=16)

    def get(self, variable):
        return self.ami.action('Getvar', Channel=self.channel, Variable=variable)['Value']

    def received(self):
        """RTP packets this exchange received on this channel."""
        return int(self.get(self.exchange.COUNT.format('rxcount')) or 0)

    def sent(self):
        return int(self.get(self.exchange.COUNT.format('txcount')) or 0)

    def record(self):
        """Start to record what is heard; returns a recording for done()."""
        self.recordings += 1
        path = f'spool/monitor/{self.ident}-{self.recordings}.sln'
        self.ami.action('MixMonitor', Channel=self.channel, File=f'/mnt/{path}.mixed.sln', Options=f'r(/mnt/{path})')
        return os.path.join(self.exchange.folder, path)

    def record_end(self):
        self.ami.action('StopMixMonitor', Channel=self.channel)
