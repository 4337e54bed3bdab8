"""What `cmake --install` puts where.

usage: test_install.py CMAKE BUILD [TEST...]
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

CMAKE, BUILD = sys.argv[1:3]

FILES = '''bin/tailtrunkctl
lib/systemd/system/tailtrunk.service
sbin/tailtrunk
share/doc/tailtrunk/LICENSE
share/doc/tailtrunk/README.md
share/doc/tailtrunk/examples/asterisk.yaml
share/doc/tailtrunk/examples/containers.yaml
share/doc/tailtrunk/examples/hikari.yaml
share/doc/tailtrunk/examples/mikopbx.yaml
share/doc/tailtrunk/tailtrunk.yaml'''.split()


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.prefix = tempfile.mkdtemp(prefix='tailtrunk-')
        cls.addClassCleanup(shutil.rmtree, cls.prefix)
        subprocess.run([CMAKE, '--install', BUILD, '--prefix', cls.prefix], check=True, capture_output=True)

    def text(self, name):
        with open(os.path.join(self.prefix, name)) as f:
            return f.read()

    def test_everything_is_below_the_prefix_and_nothing_else(self):
        found = [os.path.relpath(os.path.join(folder, name), self.prefix)
                 for folder, _, names in os.walk(self.prefix) for name in names]
        self.assertEqual(sorted(found), FILES)

    def test_the_installed_configuration_uses_the_folders_of_a_service(self):
        text = self.text('share/doc/tailtrunk/tailtrunk.yaml')
        self.assertRegex(text, r'(?m)^  socket: /run/tailtrunk/control\.sock\n  mode: "0660"$')
        self.assertRegex(text, r'(?m)^state: /var/lib/tailtrunk\n\nlog:$')
        self.assertRegex(text, r'(?m)^  - name: example +#.*\(required\)$')

    def test_the_service_starts_the_installed_program(self):
        text = self.text('lib/systemd/system/tailtrunk.service')
        self.assertIn('\nExecStart=%s/sbin/tailtrunk\n' % self.prefix, text)
        self.assertIsNone(re.search(r'@[A-Z]', text))
        subprocess.run([os.path.join(self.prefix, 'sbin/tailtrunk'), '--version'], check=True, capture_output=True)

    @unittest.skipUnless(shutil.which('systemd-analyze'), 'no systemd-analyze')
    def test_systemd_finds_nothing_wrong_with_the_service(self):
        unit = os.path.join(self.prefix, 'lib/systemd/system/tailtrunk.service')
        done = subprocess.run(['systemd-analyze', 'verify', '--man=no', unit], capture_output=True, text=True)
        said = [line for line in done.stderr.splitlines() if 'tailtrunk' in line]
        self.assertEqual((done.returncode, said), (0, []), done.stderr)


if __name__ == '__main__':
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
