global using Reply = Grains.FrontEnd.Tests.World.Reply;
